"""Lists, counts, files and audit entries about pendamping follow the ditjen of the token."""

from datetime import timedelta
from typing import Any

import pytest

from shared.dates import day_of
from tests.factories.approval import approve, request_path
from tests.factories.overdue import read_overdue
from tests.factories.registry import commands
from tests.factories.registry.commands import ditjen_token, expect_ok
from tests.factories.registry.events import build_credit_granted, deliver_events
from tests.factories.services import Running, expect_refusal

OTHER_NIK = "3324070101909002"
LETTER = b"putusan etik"


@pytest.fixture
async def placed(registry: Running) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    await registry.set_clock(commands.START)
    placed = await commands.register_one_of_each_ditjen(registry, OTHER_NIK)
    expect_ok(await commands.place_wilayah_tugas(registry, placed["DAYASOS"][1]))
    return placed


async def request_dismissal(registry: Running, pendamping: dict[str, Any]) -> Any:
    ministry = commands.ministry_token(registry)
    scan = await registry.put_file(LETTER, as_=ministry)
    body = {"status": "DIBERHENTIKAN", "reason": "PELANGGARAN_ETIK", "evidence_sha256": scan}
    path = f"/v1/pendamping/{pendamping['pendamping_id']}/status"
    return await registry.post(path, body, as_=ministry)


async def test_only_its_own_ditjen_decides_a_dismissal(registry: Running, placed: Any) -> None:
    requested = await request_dismissal(registry, placed["DAYASOS"][0])
    path, other = request_path(requested.json()), ditjen_token(registry, "LINJAMSOS")
    own = ditjen_token(registry, "DAYASOS")
    assert (await registry.get("/v1/approval-request", as_=other)).json()["items"] == []
    expect_refusal(await registry.get(path, as_=other), "NotFound", 404)
    expect_refusal(await approve(registry, requested, other), "NotFound", 404)
    refusal = {"reason": "Tidak terbukti."}
    expect_refusal(await registry.post(f"{path}/refusal", refusal, as_=other), "NotFound", 404)
    expect_refusal(await registry.post(f"{path}/withdrawal", as_=other), "NotFound", 404)
    assert len((await registry.get("/v1/approval-request", as_=own)).json()["items"]) == 1
    assert expect_ok(await approve(registry, requested, own))["state"] == "APPROVED"


async def test_files_and_flags_follow_the_ditjen(registry: Running, placed: Any) -> None:
    for pendamping, _ in placed.values():
        await request_dismissal(registry, pendamping)
    scan = (await registry.get("/v1/approval-request", as_=commands.ministry_token(registry))).json()
    path = f"/v1/files/{scan['items'][0]['evidence_sha256']}"
    own, other = ditjen_token(registry, "DAYASOS"), ditjen_token(registry, "REHSOS")
    assert (await registry.get(path, as_=own)).content == LETTER
    expect_refusal(await registry.get(path, as_=other), "NotFound", 404)
    # The second pendamping on the same paper is flagged.
    (flag,) = (await registry.get("/v1/evidence-flag", as_=own)).json()["items"]
    assert flag["subject_id"] == placed["DAYASOS"][0]["pendamping_id"]
    assert flag["earlier_subject_id"] is None
    assert (await registry.get("/v1/evidence-flag", as_=other)).json()["items"] == []


async def test_overdue_statuses_and_requests_follow_the_ditjen(registry: Running, placed: Any) -> None:
    today = day_of(commands.START)
    pendamping_id = placed["DAYASOS"][0]["pendamping_id"]
    leave = {"from_on": str(today), "reason": "CUTI_TAHUNAN"}
    expect_ok(await commands.change_status(registry, placed["DAYASOS"][0], "CUTI", **leave))
    own = await read_overdue(registry, ditjen_token(registry, "DAYASOS"), today + timedelta(days=15))
    assert [one["subject_id"] for one in own] == [pendamping_id]
    assert await read_overdue(registry, ditjen_token(registry, "LINJAMSOS")) == []


async def test_counts_follow_the_ditjen(registry: Running, placed: Any) -> None:
    credit = build_credit_granted(*placed["DAYASOS"])
    await deliver_events(registry, credit)
    body = {"pendamping_ids": [placed["DAYASOS"][0]["pendamping_id"]]}
    for ditjen, granted in (("DAYASOS", 1), ("LINJAMSOS", 0)):
        answer = await registry.post("/v1/numbers", body, as_=ditjen_token(registry, ditjen))
        assert expect_ok(answer)["totals"]["granted"] == granted


async def test_the_audit_trail_follows_the_ditjen(registry: Running, placed: Any) -> None:
    pendamping_id = placed["DAYASOS"][0]["pendamping_id"]
    ministry, own = commands.ministry_token(registry), ditjen_token(registry, "DAYASOS")
    other = ditjen_token(registry, "LINJAMSOS")
    expect_ok(await registry.get("/v1/pendamping", as_=ministry))
    entries = expect_ok(await registry.get(f"/v1/audit/subjects/{pendamping_id}", as_=own))["items"]
    assert entries[-1]["subject_count"] == 2
    assert {one for entry in entries for one in entry["subject_ids"]} == {pendamping_id}
    expect_refusal(await registry.get(f"/v1/audit/subjects/{pendamping_id}", as_=other), "NotFound", 404)
    for path in ("accounts/kemensos-1", "denials", "bulk-reads"):
        expect_refusal(await registry.get(f"/v1/audit/{path}", as_=own), "NotAllowed", 403)
        expect_ok(await registry.get(f"/v1/audit/{path}", as_=ministry))


async def test_a_stored_answer_is_not_repeated_to_another_ditjen(registry: Running, placed: Any) -> None:
    path = f"/v1/pendamping/{placed['DAYASOS'][0]['pendamping_id']}/status"
    body = {"status": "CUTI", "reason": "SAKIT"}
    for ditjen, status in (("DAYASOS", 201), ("DAYASOS", 201), ("LINJAMSOS", 403)):
        token = ditjen_token(registry, ditjen, "kemensos-7")
        answer = await registry.post(path, body, as_=token, key="cuti-1")
        assert answer.status_code == status, answer.text
    expect_refusal(answer, "ReplayOutOfScope", 403)
