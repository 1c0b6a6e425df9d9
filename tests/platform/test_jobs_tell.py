"""Long work tells how far it is, what it refused and why; it is cancelled between steps and resumed after a death."""

import asyncio
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from shared.access import Actor, Role
from shared.jobs import Job, RowError, Step, enqueue, run_step
from tests.kit import Running

ASKED_BY = Actor("kemensos-1", frozenset({Role.KEMENSOS}), ("*",))


async def begun(registry: Running, step: Any, total: int = 6) -> UUID:
    registry.parts.work.steps["counting"] = step
    async with registry.session(ASKED_BY) as session:
        return await enqueue(session, "counting", {}, ASKED_BY, total=total)


async def read(registry: Running, job_id: UUID, what: str = "", status: int = 200) -> dict[str, Any]:
    answer = await registry.get(f"/v1/jobs/{job_id}{what}", as_=registry.token("KEMENSOS"))
    assert answer.status_code == status, answer.text
    return answer.json()


async def two_at_a_time(session: AsyncSession, job: Job) -> Step:
    del session
    at = job.place.get("at", 0)
    errors = [RowError(at + 2, "nik", "NOT_A_NIK", {"length": 15})] if at == 2 else []
    return Step(
        done=2 - len(errors), refused=len(errors), errors=errors, place={"at": at + 2}, finished=at == 4
    )


async def test_counts_and_refused_rows_with_row_column_and_reason(registry: Running) -> None:
    job_id = await begun(registry, two_at_a_time)
    assert (await read(registry, job_id))["state"] == "QUEUED"
    await run_step(registry.worker, registry.parts.work)
    job = await read(registry, job_id)
    assert (job["state"], job["done"], job["refused"], job["total"]) == ("DONE", 5, 1, 6)
    (error,) = (await read(registry, job_id, "/errors"))["items"]
    assert error == {"row": 4, "number": 1, "column": "nik", "code": "NOT_A_NIK", "params": {"length": 15}}


async def test_cancelled_between_two_steps_keeps_what_was_done(registry: Running) -> None:

    job_id = await begun(registry, two_at_a_time)
    cancelled = await registry.post(f"/v1/jobs/{job_id}/cancellation", as_=registry.token("KEMENSOS"))
    assert cancelled.status_code == 202, cancelled.text
    await run_step(registry.worker, registry.parts.work)
    job = await read(registry, job_id)
    assert (job["state"], job["done"]) == ("CANCELLED", 0)
    again = await registry.post(f"/v1/jobs/{job_id}/cancellation", as_=registry.token("KEMENSOS"))
    assert (again.status_code, again.json()["title"]) == (409, "JobEnded")


async def test_two_workers_never_do_one_step_twice(registry: Running) -> None:
    seen: list[int] = []

    async def slow(session: AsyncSession, job: Job) -> Step:
        del session
        seen.append(job.place.get("at", 0))
        await asyncio.sleep(0.05)
        return Step(done=1, place={"at": seen[-1] + 1}, finished=seen[-1] == 5)

    job_id = await begun(registry, slow)
    await asyncio.gather(*(run_step(registry.worker, registry.parts.work) for _ in range(3)))
    assert seen == [0, 1, 2, 3, 4, 5]
    assert (await read(registry, job_id))["done"] == 6


async def test_a_step_that_fails_is_tried_again_and_then_told(registry: Running) -> None:
    tries: list[int] = []

    async def broken(session: AsyncSession, job: Job) -> Step:
        del session, job
        tries.append(1)
        message = "no"
        raise ValueError(message)

    job_id = await begun(registry, broken)
    await run_step(registry.worker, registry.parts.work)
    job = await read(registry, job_id)
    assert (job["state"], job["error"], len(tries)) == ("FAILED", "ValueError", 5)


async def test_only_who_asked_sees_it(registry: Running) -> None:
    job_id = await begun(registry, two_at_a_time)
    other = await registry.get(f"/v1/jobs/{job_id}", as_=registry.token("KEMENSOS", "kemensos-2"))
    assert other.status_code == 404
