"""A worker process killed during an intake repeats and loses nothing."""

import asyncio
import signal
import time
from collections import Counter
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from services.caseload.intake import jobs
from services.caseload.intake.commands import blocks
from shared.jobs import backpressure, job_runner
from tests.factories.caseload.intake import (
    PENDAMPING_NO,
    build_csv,
    dinsos_token,
    family,
    import_file,
    mother,
    read_emitted_events,
    request_intake,
)
from tests.factories.services import Running
from tests.factories.worker_process import expire_lease, start_worker, wait_for_end

FAMILIES = 230


def count_rows(facts: list[tuple[str, dict[str, Any]]]) -> Counter[str]:
    # How often the audit trail was closed depends on the clock.
    return Counter(name for name, _ in facts if name != "audit_block_closed")


@pytest.mark.timeout(180)
async def test_intake_killed_at_each_step_resumes(kendal_caseload: Running) -> None:
    apart, repeated = family(1, 3), family(2)
    repeated[1]["nik"] = family(3)[1]["nik"]
    content = build_csv(apart[:1], family(3), repeated, family(4, name=""), mother(), apart[1:])
    token, phases = dinsos_token(kendal_caseload), list[str]()
    job = await request_intake(kendal_caseload, content, as_=token)
    while (shown := (await kendal_caseload.get(job, as_=token)).json())["state"] in {"QUEUED", "RUNNING"}:
        point = "before" if len(phases) % 2 == 0 else "after"
        process = start_worker(kendal_caseload, f"job.family_intake.run.{point}_commit=kill")
        assert await wait_for_end(process) == -signal.SIGKILL
        await expire_lease(kendal_caseload)
        rows = await kendal_caseload.sql("SELECT coalesce(place->>'phase', 'survey') FROM platform.job")
        phases.append(rows[0][0])
    killed = list(dict.fromkeys(phases))
    assert killed == ["survey", "stage", "analyze", "mark", "apply", "clear"]
    assert (shown["done"], shown["refused"], shown["total"]) == (9, 4, 13)
    counts = count_rows(await read_emitted_events(kendal_caseload))
    assert counts["kpm_registered"] == shown["report"]["new_families"] == 3
    again = await import_file(kendal_caseload, content)
    assert (again["report"]["unchanged_families"], again["refused"]) == (3, 4)
    assert count_rows(await read_emitted_events(kendal_caseload)) == counts


@pytest.mark.timeout(180)
async def test_intake_killed_at_any_moment_resumes(kendal_caseload: Running, tmp_path: Path) -> None:
    token = dinsos_token(kendal_caseload)
    bad = family(999, name="")
    content = build_csv(*(family(n, 2) for n in range(1, FAMILIES)), bad, mother())
    job = await request_intake(kendal_caseload, content, as_=token)
    for number in range(3):
        armed = tmp_path / f"armed{number}"
        if number == 0:
            armed.touch()
        process = start_worker(kendal_caseload, f"job.family_intake.run.before_commit=kill:{armed}")
        if number:
            # The second and the third time it dies later: at a step of its own choosing, after some are done.
            await asyncio.sleep(2.2 + 0.3 * number)
            armed.touch()
            await asyncio.sleep(1)
        if process.poll() is None and number:
            process.send_signal(signal.SIGKILL)
        assert await wait_for_end(process) == -signal.SIGKILL
        await expire_lease(kendal_caseload)
    await kendal_caseload.work()
    rows = (await kendal_caseload.get(job, as_=token)).json()
    assert rows["state"] == "DONE", rows
    assert (rows["done"], rows["refused"], rows["total"]) == (2 * FAMILIES + 2, 2, 2 * FAMILIES + 4)
    assert rows["report"]["new_families"] == FAMILIES
    facts = await read_emitted_events(kendal_caseload)
    assert count_rows(facts)["kpm_registered"] == FAMILIES
    assert len({data["kpm_id"] for name, data in facts if name == "kpm_registered"}) == FAMILIES
    assert await kendal_caseload.sql("SELECT count(*) FROM kpm_anggota") == [(2 * FAMILIES + 2,)]
    again = await import_file(kendal_caseload, content)
    assert (
        again["report"]["unchanged_families"],
        count_rows(await read_emitted_events(kendal_caseload)),
    ) == (
        FAMILIES,
        count_rows(facts),
    )


async def test_intake_writes_nothing_while_the_outbox_is_full(
    kendal_caseload: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    service, token = kendal_caseload, dinsos_token(kendal_caseload)
    job = await request_intake(service, build_csv(family(1, pendamping_no=PENDAMPING_NO)), as_=token)
    with monkeypatch.context() as full:
        full.setattr(backpressure, "MAX_UNSENT", 0)
        full.setattr(backpressure, "MAX_WAIT_SECONDS", 0)
        full.setattr(job_runner, "TURN_SECONDS", 0.2)
        for _ in range(3):
            assert await job_runner.run_step(service.worker, service.parts.work)
    shown = (await service.get(job, as_=token)).json()
    assert (shown["state"], shown["done"]) == ("RUNNING", 0)
    written = "SELECT (SELECT count(*) FROM kpm), (SELECT count(*) FROM dampingan_load)"
    assert await service.sql(written) == [(0, 0)]
    assert await service.sql("SELECT place->>'deep' FROM platform.job") == [("true",)]
    await service.work()
    assert await service.sql(written) == [(1, 1)]


@pytest.mark.parametrize("phase", ["mark", "apply"])
async def test_intake_stages_again_after_crash_of_postgresql(kendal_caseload: Running, phase: str) -> None:
    apart, token = family(1, 3), dinsos_token(kendal_caseload)
    job = await request_intake(kendal_caseload, build_csv(apart[:1], family(2), apart[1:]), as_=token)
    while (await kendal_caseload.get(job, as_=token)).json()["state"] != "DONE":
        process = start_worker(kendal_caseload, "job.family_intake.run.after_commit=kill")
        await wait_for_end(process)
        await expire_lease(kendal_caseload)
        place = (await kendal_caseload.sql("SELECT place->>'phase' FROM platform.job"))[0][0]
        if place == phase:
            # PostgreSQL empties an UNLOGGED table after a crash.
            await kendal_caseload.sql("DELETE FROM staged_row")
            await kendal_caseload.sql("UPDATE platform.job SET refused = 1")
            await kendal_caseload.work()
    rows = (await kendal_caseload.get(job, as_=token)).json()
    assert (rows["done"], rows["refused"], rows["total"], rows["report"]["rows"]) == (5, 0, 5, 5)
    assert rows["report"]["new_families"] == 2
    members = await kendal_caseload.sql("SELECT count(*) FROM kpm_anggota GROUP BY kpm_id ORDER BY 1")
    assert [row[0] for row in members] == [2, 3]


async def test_a_failed_step_leaves_no_blocks_to_the_thread(
    kendal_caseload: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    build, write, built, failed = blocks.build_block, jobs.write, list[float](), list[str]()

    def build_slowly(*values: Any) -> Any:
        built.append(time.monotonic())
        time.sleep(0.02)
        return build(*values)

    async def fail_once(*values: Any) -> Any:
        if not failed:
            failed.append("deadlock")
            raise asyncpg.DeadlockDetectedError
        return await write(*values)

    monkeypatch.setattr(blocks, "FAMILIES", 1)
    monkeypatch.setattr(blocks, "build_block", build_slowly)
    monkeypatch.setattr(jobs, "write", fail_once)
    shown = await import_file(kendal_caseload, build_csv(*(family(number) for number in range(1, 21))))
    assert (shown["report"]["new_families"], failed) == (20, ["deadlock"])
    # The first step had begun its first blocks only.
    assert 20 < len(built) < 30
