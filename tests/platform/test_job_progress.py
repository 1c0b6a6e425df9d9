"""Jobs show progress and refused rows, can be cancelled, and resume after a crash."""

import asyncio
import gc
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from shared.access import Actor, Role
from shared.errors import NotYetKnown
from shared.jobs import Job, RowError, ScheduledTask, Step, Work, enqueue, run_step, schedule, work
from shared.words import Words
from tests.factories.services import Running

WRONG = Words("A NIK has 16 digits. Enter it again.", "NIK terdiri atas 16 angka. Isi ulang.")
ASKED_BY = Actor("kemensos-1", frozenset({Role.KEMENSOS}), ("*",))


async def start_job(registry: Running, step: Any, total: int = 6) -> UUID:
    registry.parts.work.steps["rows.count"] = step
    async with registry.session(ASKED_BY) as session:
        return await enqueue(session, "rows.count", {}, ASKED_BY, total=total)


async def read_job(registry: Running, job_id: UUID, what: str = "", status: int = 200) -> dict[str, Any]:
    answer = await registry.get(f"/v1/jobs/{job_id}{what}", as_=registry.token("KEMENSOS"))
    assert answer.status_code == status, answer.text
    return answer.json()


async def step_two_rows(session: AsyncSession, job: Job) -> Step:
    del session
    at = job.place.get("at", 0)
    errors = [RowError(at + 2, "nik", "NOT_A_NIK", WRONG, {"length": 15})] if at == 2 else []
    return Step(
        done=2 - len(errors), refused=len(errors), errors=errors, place={"at": at + 2}, finished=at == 4
    )


async def test_counts_and_refused_rows_with_row_column_and_reason(registry: Running) -> None:
    job_id = await start_job(registry, step_two_rows)
    assert (await read_job(registry, job_id))["state"] == "QUEUED"
    await run_step(registry.worker, registry.parts.work)
    job = await read_job(registry, job_id)
    assert (job["state"], job["done"], job["refused"], job["total"]) == ("DONE", 5, 1, 6)
    (error,) = (await read_job(registry, job_id, "/errors"))["items"]
    reason = {"en": str(WRONG), "id": WRONG.id}
    expected = {"row": 4, "number": 1, "column": "nik", "code": "NOT_A_NIK", "params": {"length": 15}}
    again = {"kind": "CORRECT_REQUEST", "operations": [], "roles": [], "reason": None}
    assert error == {**expected, "reason": reason, "remedy": again}


async def test_a_job_cancelled_between_two_steps_keeps_what_was_done(registry: Running) -> None:

    job_id = await start_job(registry, step_two_rows)
    cancelled = await registry.post(f"/v1/jobs/{job_id}/cancellation", as_=registry.token("KEMENSOS"))
    assert cancelled.status_code == 202, cancelled.text
    await run_step(registry.worker, registry.parts.work)
    job = await read_job(registry, job_id)
    assert (job["state"], job["done"]) == ("CANCELLED", 0)
    again = await registry.post(f"/v1/jobs/{job_id}/cancellation", as_=registry.token("KEMENSOS"))
    assert (again.status_code, again.json()["title"]) == (409, "JobEnded")


async def test_garbage_is_collected_only_between_steps(registry: Running) -> None:
    seen: list[bool] = []

    async def fail(session: AsyncSession, job: Job) -> Step:
        del session, job
        seen.append(gc.isenabled())
        raise NotYetKnown

    await start_job(registry, fail)
    await run_step(registry.worker, registry.parts.work)
    assert (seen, gc.isenabled()) == ([False], True)


async def test_two_workers_never_do_one_step_twice(registry: Running) -> None:
    seen: list[int] = []

    async def step_slowly(session: AsyncSession, job: Job) -> Step:
        del session
        seen.append(job.place.get("at", 0))
        await asyncio.sleep(0.05)
        return Step(done=1, place={"at": seen[-1] + 1}, finished=seen[-1] == 5)

    job_id = await start_job(registry, step_slowly)
    await asyncio.gather(*(run_step(registry.worker, registry.parts.work) for _ in range(3)))
    assert seen == [0, 1, 2, 3, 4, 5]
    assert (await read_job(registry, job_id))["done"] == 6


@pytest.mark.parametrize(
    "fault", [ValueError, AttributeError, ConnectionError, asyncpg.DeadlockDetectedError, RuntimeError]
)
async def test_a_failing_step_is_retried_and_then_fails_the_job(
    registry: Running, fault: type[Exception]
) -> None:
    tries: list[int] = []

    async def fail(session: AsyncSession, job: Job) -> Step:
        del session, job
        tries.append(1)
        raise fault

    job_id = await start_job(registry, fail)
    await registry.work()
    job = await read_job(registry, job_id)
    assert (job["state"], job["error"], len(tries)) == ("FAILED", fault.__name__, 5)
    assert job["reason"]["en"].startswith(
        f"The work stopped after 5 tries by a fault of the system ({fault.__name__})"
    )
    assert job["reason"]["id"].startswith("Pekerjaan berhenti setelah 5 kali dicoba")


async def test_a_refused_step_shows_the_refusal_and_what_to_do(registry: Running) -> None:
    async def refuse(session: AsyncSession, job: Job) -> Step:
        raise NotYetKnown("policy")

    job_id = await start_job(registry, refuse)
    assert (await read_job(registry, job_id))["reason"] is None
    await registry.work()
    job = await read_job(registry, job_id)
    assert (job["state"], job["error"]) == ("FAILED", "NotYetKnown")
    stays = "What was done before stays. Correct this, then request the rest again."
    assert job["reason"]["en"] == f"{NotYetKnown('policy').sentence('en')} {stays}"
    assert job["reason"]["id"].startswith("Kebijakan itu belum dikenal di layanan ini")


class Killed(BaseException):
    """What ends a process does not pass by any handler of errors."""


async def test_a_job_that_kills_its_workers_fails_after_five_tries(
    registry: Running,
) -> None:
    async def kill_worker(session: AsyncSession, job: Job) -> Step:
        raise Killed

    job_id = await start_job(registry, kill_worker)
    for _ in range(5):
        with pytest.raises(Killed):
            await run_step(registry.worker, registry.parts.work)
        await registry.sql("UPDATE platform.job SET lease_until = now() - interval '1 second'")
    assert await run_step(registry.worker, registry.parts.work)
    job = await read_job(registry, job_id)
    assert (job["state"], job["error"], job["ended_at"] is None) == ("FAILED", "WorkerDied", False)
    assert "(WorkerDied)" in job["reason"]["en"]
    assert not await run_step(registry.worker, registry.parts.work)


async def test_a_scheduled_task_does_not_wait_for_a_long_job(registry: Running) -> None:
    """A term ends, and a reminder is sent, during an intake of hours."""
    stop, ended, busy = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def step_until_ended(session: AsyncSession, job: Job) -> Step:
        del session, job
        busy.set()
        await asyncio.sleep(0.02)
        return Step(done=1, finished=ended.is_set())

    async def set_ended(session: AsyncSession, due: ScheduledTask) -> None:
        del session, due
        ended.set()

    todo = Work(steps={"rows.count": step_until_ended}, scheduled_tasks={"term_ends": set_ended})
    async with registry.session(ASKED_BY) as session:
        await enqueue(session, "rows.count", {}, ASKED_BY)
    running = asyncio.create_task(work(registry.worker, todo, stop, poll_seconds=0.05))
    try:
        async with asyncio.timeout(30):
            await busy.wait()
            async with registry.session() as session:
                await schedule(session, "term_ends", datetime.now(UTC), subject_id="a", clock="real")
            await ended.wait()
    finally:
        ended.set()
        stop.set()
        await running


async def test_rows_of_a_job_are_counted_in_metrics(registry: Running) -> None:
    async def count_job_rows(result: str) -> float:
        page = await registry.metrics()
        name = f'pilar_job_rows_total{{kind="rows.count",result="{result}",service="registry"}} '
        return sum(float(line.removeprefix(name)) for line in page.splitlines() if line.startswith(name))

    before = [await count_job_rows(result) for result in ("done", "refused")]
    await start_job(registry, step_two_rows)
    await run_step(registry.worker, registry.parts.work)
    after = [await count_job_rows(result) for result in ("done", "refused")]
    assert [now - then for now, then in zip(after, before, strict=True)] == [5, 1]


async def test_only_the_requester_sees_a_job(registry: Running) -> None:
    job_id = await start_job(registry, step_two_rows)
    other = await registry.get(f"/v1/jobs/{job_id}", as_=registry.token("KEMENSOS", "kemensos-2"))
    assert other.status_code == 404
