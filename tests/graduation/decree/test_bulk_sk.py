"""The job that adds the cases of a file to one SK."""

import asyncio
import signal
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from shared.database import uuid7
from shared.jobs import backpressure, run_step
from tests.factories.delivery import relay
from tests.factories.graduation.case import CaseDriver, expect_ok, set_day
from tests.factories.graduation.events import KENDAL, apply_events
from tests.factories.graduation.exit_proposal import build_exit_proposed
from tests.factories.services import Running
from tests.factories.worker_process import expire_lease, start_worker, wait_for_end

DAY = date(2026, 5, 18)


async def approve_cases(service: Running, count: int) -> list[str]:
    """Return approved cases of exit proposals, with a policy that counts and opens a rujukan."""
    await set_day(service, DAY)
    await service.sql("UPDATE policy SET counts = true, opens_rujukan = true WHERE exit_reason = 'PINDAH'")
    driver = await CaseDriver.start(service)
    one = {"exit_reason": "PINDAH"}
    events = [
        build_exit_proposed(driver, **one, kpm_id=uuid7(), kepesertaan_id=uuid7()) for _ in range(count)
    ]
    await apply_events(service, *events)
    rows = await service.sql(
        "SELECT graduasi_id FROM graduasi WHERE state = 'DIUSULKAN' ORDER BY graduasi_id"
    )
    graduasi_ids = [str(row[0]) for row in rows]
    for graduasi_id in graduasi_ids:
        driver.graduasi_id = graduasi_id
        expect_ok(await driver.verify())
        expect_ok(await driver.approve())
    return graduasi_ids


async def request_bulk_sk(
    service: Running, lines: list[str], sub: str = "kemensos-1", **other: Any
) -> httpx.Response:
    kemensos = service.token("KEMENSOS", sub)
    sha256 = await service.put_file("\n".join(lines).encode(), as_=kemensos)
    body = {"sk_no": "SK/44/2026", "sk_on": "2026-05-18", "sha256": sha256, **other}
    return await service.post("/v1/sk/bulk", body, as_=kemensos)


async def read_job(service: Running, asked: dict[str, Any], sub: str = "kemensos-1") -> dict[str, Any]:
    job: dict[str, Any] = expect_ok(await service.get(asked["job"], as_=service.token("KEMENSOS", sub)), 200)
    return job


async def count_emitted(service: Running) -> Counter[str]:
    return Counter(one["type"].removeprefix("graduation.") for one in await service.read_envelopes())


async def check_sk_is_consistent(service: Running, sk_id: str, count: int) -> None:
    """Check that each case of the SK has its rows and events exactly once."""
    counts = await count_emitted(service)
    assert counts["graduasi_determined.v1"] == counts["credit_granted.v1"] == count
    for statement in (
        "SELECT cases FROM sk WHERE sk_id = $1",
        "SELECT count(*) FROM penetapan WHERE sk_id = $1",
        "SELECT count(*) FROM credit JOIN penetapan USING (graduasi_id) WHERE sk_id = $1",
        "SELECT count(*) FROM stage_act s JOIN penetapan USING (graduasi_id) WHERE sk_id = $1 AND s.stage = 'PENETAPAN'",
        (
            "SELECT count(*) / 2 FROM graduasi_history h JOIN penetapan USING (graduasi_id) WHERE sk_id = $1"
            " AND h.to_state IN ('DITETAPKAN', 'MASA_SANGGAH')"
        ),
        (
            "SELECT count(*) FROM platform.scheduled_task JOIN penetapan ON subject_id = graduasi_id::text WHERE sk_id = $1"
            " AND kind = 'graduasi.end_term'"
        ),
    ):
        assert (await service.sql(statement, UUID(sk_id)))[0][0] == count, statement
    rows = await service.sql("SELECT count(*) FROM graduasi WHERE state = 'MASA_SANGGAH'")
    assert rows[0][0] == count


async def test_approved_cases_are_added_and_others_have_errors(graduation: Running) -> None:
    ready = await approve_cases(graduation, 4)
    open_ = await (await CaseDriver.start(graduation)).open()
    mine = await CaseDriver.start(graduation)
    await mine.advance_to("DIMUSYAWARAHKAN")
    mine.by["approval"] = graduation.token("DINSOS_KABKOTA", "kemensos-1", [KENDAL])
    expect_ok(await mine.approve())
    stranger = str(uuid7())
    lines = [ready[0], stranger, ready[1], "not a case", open_.graduasi_id, ready[0], mine.graduasi_id]
    asked = expect_ok(await request_bulk_sk(graduation, [*lines, ready[2], ready[3], "", ""]), 202)
    assert (await read_job(graduation, asked))["state"] == "QUEUED"
    await graduation.work()
    job = await read_job(graduation, asked)
    assert (job["state"], job["done"], job["refused"], job["total"]) == ("DONE", 4, 5, 9)
    assert (job["report"]["cases"], job["report"]["sk_no"]) == (4, "SK/44/2026")
    listed = await graduation.get(f"{asked['job']}/errors", as_=graduation.token("KEMENSOS", "kemensos-1"))
    errors = expect_ok(listed, 200)["items"]
    assert [(one["row"], one["code"]) for one in errors] == [
        (2, "NotFound"),
        (4, "NotFound"),
        (5, "CasesNotApproved"),
        (6, "CaseAlreadyInSk"),
        (7, "SamePersonTwice"),
    ]
    assert errors[2]["params"]["state"] == "TERIDENTIFIKASI"
    kinds = [one["remedy"]["kind"] for one in errors]
    assert (kinds[0], kinds[4]) == ("CORRECT_REQUEST", "OTHER_PERSON")
    assert errors[4]["reason"]["id"].startswith("Anda sudah bertindak pada tahap lain")
    await check_sk_is_consistent(graduation, asked["sk_id"], 4)
    again = expect_ok(await request_bulk_sk(graduation, ready, sk_no="SK/45/2026"), 202)
    await graduation.work()
    job = await read_job(graduation, again)
    assert (job["done"], job["refused"]) == (0, 4)
    empty = await graduation.get(f"/v1/sk/{again['sk_id']}", as_=graduation.token("KEMENSOS", "kemensos-1"))
    assert (empty.status_code, job["report"]["sk_id"]) == (404, None)


async def test_penetapan_are_read_page_by_page(graduation: Running) -> None:
    ready = await approve_cases(graduation, 5)
    asked = expect_ok(await request_bulk_sk(graduation, ready), 202)
    await graduation.work()
    kemensos, seen, path = (
        graduation.token("KEMENSOS", "kemensos-1"),
        [],
        f"/v1/sk/{asked['sk_id']}/penetapan?limit=2",
    )
    while path:
        page = expect_ok(await graduation.get(path, as_=kemensos), 200)
        seen += [one["graduasi_id"] for one in page["items"]]
        path = page["next"]
    assert seen == ready
    elsewhere = graduation.token("DINSOS_KABKOTA", "dinsos-pemalang-1", ["33.27"])
    assert (
        expect_ok(await graduation.get(f"/v1/sk/{asked['sk_id']}/penetapan", as_=elsewhere), 200)["items"]
        == []
    )


async def test_case_of_another_area_or_approved_later_is_refused(
    graduation: Running,
) -> None:
    ready = await approve_cases(graduation, 1)
    kemensos = graduation.token("KEMENSOS", "kemensos-9", ["12"])
    sha256 = await graduation.put_file(ready[0].encode(), as_=kemensos)
    body = {"sk_no": "SK/46/2026", "sk_on": "2026-05-18", "sha256": sha256}
    asked = expect_ok(await graduation.post("/v1/sk/bulk", body, as_=kemensos), 202)
    earlier = expect_ok(await request_bulk_sk(graduation, ready, sk_no="SK/47/2026", sk_on="2026-05-17"), 202)
    far = expect_ok(await request_bulk_sk(graduation, ready, sk_no="SK/48/2026"), 202)
    await graduation.sql("DELETE FROM tahap_calendar")
    await graduation.work()
    rows = await graduation.sql("SELECT job_id, code FROM platform.job_row_error")
    assert {str(row["job_id"]): row["code"] for row in rows} == {
        asked["job_id"]: "NotFound",
        earlier["job_id"]: "SkBeforeApproval",
        far["job_id"]: "TahapNotPlanned",
    }


async def test_invalid_request_is_refused_without_a_job(graduation: Running) -> None:
    await set_day(graduation, DAY)
    expect_ok(await request_bulk_sk(graduation, ["x"]), 202)
    for other, status, title in (
        ({}, 409, "SkNumberTaken"),
        ({"sha256": "a" * 64}, 422, "FileNotUploaded"),
        ({"sk_on": "2026-05-19"}, 422, "DateInTheFuture"),
        ({"evidence_sha256": "a" * 64}, 422, "FileNotUploaded"),
    ):
        answer = await request_bulk_sk(graduation, ["x"], **other)
        assert (answer.status_code, answer.json()["title"]) == (status, title)
    assert (await graduation.sql("SELECT count(*) FROM platform.job"))[0][0] == 1


async def test_job_waits_while_the_outbox_is_full(
    graduation: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backpressure, "MAX_UNSENT", 100)
    ready = await approve_cases(graduation, 2)
    driver = await CaseDriver.start(graduation)
    await graduation.publish(*(build_exit_proposed(driver, kpm_id=uuid7()) for _ in range(100)))
    asked = expect_ok(await request_bulk_sk(graduation, ready), 202)
    working = asyncio.create_task(run_step(graduation.worker, graduation.parts.work))
    await asyncio.sleep(1.2)
    assert (await read_job(graduation, asked))["done"] == 0
    await relay(graduation)
    assert await working
    await graduation.work()
    assert (await read_job(graduation, asked))["done"] == 2


async def set_step_size(service: Running, size: int) -> None:
    await service.sql("UPDATE platform.job SET place = $1", f'{{"at": 0, "size": {size}}}')


async def wait_until_done(service: Running, asked: dict[str, Any], count: int) -> None:
    for _ in range(1_000):
        if (await read_job(service, asked))["done"] >= count:
            return
        await asyncio.sleep(0.05)
    message = f"the job does not come to {count}"
    raise AssertionError(message)


async def test_cancelled_job_leaves_a_consistent_sk(
    graduation: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready = await approve_cases(graduation, 8)
    asked = expect_ok(await request_bulk_sk(graduation, ready), 202)
    await set_step_size(graduation, 3)
    monkeypatch.setenv("PILAR_FAULTPOINT", "job.sk.add_cases.after_commit=pause:2")
    working = asyncio.create_task(run_step(graduation.worker, graduation.parts.work))
    await wait_until_done(graduation, asked, 3)
    kemensos = graduation.token("KEMENSOS", "kemensos-1")
    expect_ok(await graduation.post(f"{asked['job']}/cancellation", as_=kemensos), 202)
    await working
    job = await read_job(graduation, asked)
    assert (job["state"], job["done"], job["total"]) == ("CANCELLED", 3, 8)
    await check_sk_is_consistent(graduation, asked["sk_id"], 3)
    monkeypatch.delenv("PILAR_FAULTPOINT")
    rest = expect_ok(await request_bulk_sk(graduation, ready, sk_no="SK/45/2026"), 202)
    await graduation.work()
    assert (await read_job(graduation, rest))["done"] == 5


@pytest.mark.timeout(240)
@pytest.mark.parametrize("moment", ["before_commit", "after_commit"])
async def test_job_continues_after_a_killed_worker(graduation: Running, tmp_path: Path, moment: str) -> None:
    ready = await approve_cases(graduation, 60)
    asked = expect_ok(await request_bulk_sk(graduation, [*ready, str(uuid7())]), 202)
    await set_step_size(graduation, 7)
    for death in range(2):
        armed = tmp_path / f"armed{death}"
        armed.touch()
        process = start_worker(graduation, f"job.sk.add_cases.{moment}=kill:{armed}")
        assert await wait_for_end(process) == -signal.SIGKILL
        await expire_lease(graduation)
    done = (await read_job(graduation, asked))["done"]
    assert done == (0 if moment == "before_commit" else 57)
    await check_sk_is_consistent(graduation, asked["sk_id"], done)
    await graduation.work()
    job = await read_job(graduation, asked)
    assert (job["state"], job["done"], job["refused"], job["total"]) == ("DONE", 60, 1, 61)
    await check_sk_is_consistent(graduation, asked["sk_id"], 60)
