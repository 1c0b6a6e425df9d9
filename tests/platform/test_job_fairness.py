"""Jobs share the workers, and have limits on refused rows and open jobs per account."""

import asyncio
from itertools import count
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from shared.access import Actor, Role
from shared.jobs import Job, RowError, Step, TooManyJobs, enqueue, job_runner, run_step
from shared.jobs.job_runner import MAX_REFUSALS
from shared.jobs.queue import MAX_OPEN_JOBS
from shared.jobs.row_errors import JOBS_AT_ONCE, expire_row_errors
from shared.messaging import maintenance
from shared.words import Words
from tests.factories.services import Running

ASKED_BY = Actor("kemensos-1", frozenset({Role.KEMENSOS}), ("*",))
WRONG = Words("A NIK has 16 digits. Enter it again.", "NIK terdiri atas 16 angka. Isi ulang.")

WAITS_FOR_THE_FIRST = "SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"


async def enqueue_job(registry: Running, kind: str, **more: Any) -> UUID:
    async with registry.session(ASKED_BY) as session:
        return await enqueue(session, kind, {}, ASKED_BY, **more)


async def read_job(registry: Running, job_id: UUID, what: str = "") -> dict[str, Any]:
    answer = await registry.get(f"/v1/jobs/{job_id}{what}", as_=registry.token("KEMENSOS"))
    return dict(answer.json())


@pytest.fixture
def step_order(registry: Running, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The kinds in the order of their steps.

    "long" never ends by itself, "short" has one step, and a turn is one step.
    """
    seen: list[str] = []

    async def step_long_job(session: AsyncSession, job: Job) -> Step:
        del session
        seen.append("long")
        return Step(done=1, finished=bool(job.params.get("over")))

    async def step_short_job(session: AsyncSession, job: Job) -> Step:
        del session, job
        seen.append("short")
        return Step(done=1, finished=True)

    monkeypatch.setattr(job_runner, "TURN_SECONDS", 0)
    registry.parts.work.steps.update(long=step_long_job, short=step_short_job)
    return seen


async def test_later_short_job_does_not_wait_for_a_long_one(registry: Running, step_order: list[str]) -> None:
    await enqueue_job(registry, "long")
    await run_step(registry.worker, registry.parts.work)
    short = await enqueue_job(registry, "short")
    for _ in range(2):
        await run_step(registry.worker, registry.parts.work)
    assert (await read_job(registry, short))["state"] == "DONE"
    assert step_order.count("short") == 1


async def test_two_long_jobs_of_two_workers_take_turns(registry: Running, step_order: list[str]) -> None:
    jobs = [await enqueue_job(registry, "long") for _ in range(3)]

    async def run_turns() -> None:
        for _ in range(6):
            await run_step(registry.worker, registry.parts.work)

    await asyncio.gather(run_turns(), run_turns())
    done = [(await read_job(registry, job))["done"] for job in jobs]
    assert (sum(done), len(step_order)) == (12, 12)
    # Two that lease at once may see the order of a moment ago. Without turns a job has none.
    assert min(done) >= 2


async def test_job_whose_step_fails_delays_no_other(registry: Running, step_order: list[str]) -> None:
    async def fail(session: AsyncSession, job: Job) -> Step:
        del session, job
        raise ConnectionError

    registry.parts.work.steps["broken"] = fail
    failing, short = await enqueue_job(registry, "broken"), await enqueue_job(registry, "short")
    for _ in range(2):
        await run_step(registry.worker, registry.parts.work)
    assert (await read_job(registry, short))["state"] == "DONE"
    assert (await read_job(registry, failing))["state"] == "RUNNING"
    await registry.work()
    assert (await read_job(registry, failing))["state"] == "FAILED"
    assert step_order == ["short"]


async def test_long_job_continues_within_its_turn(registry: Running) -> None:
    steps = count(1)

    async def step_thrice(session: AsyncSession, job: Job) -> Step:
        del session, job
        return Step(done=1, finished=next(steps) == 3)

    registry.parts.work.steps["several"] = step_thrice
    job = await enqueue_job(registry, "several")
    await run_step(registry.worker, registry.parts.work)
    assert (await read_job(registry, job))["state"] == "DONE"


async def enqueue_refused_job(registry: Running, size: int) -> UUID:
    """Run a job that does one row per step and refuses `size` others."""

    async def refuse(session: AsyncSession, job: Job) -> Step:
        del session
        first = job.refused + 1
        errors = [RowError(row, "nik", "NOT_A_NIK", WRONG) for row in range(first, first + size)]
        return Step(done=1, refused=size, errors=errors, place={"n": job.place.get("n", 0) + 1})

    registry.parts.work.steps["rows.refuse"] = refuse
    job = await enqueue_job(registry, "rows.refuse")
    await registry.work()
    return job


@pytest.mark.parametrize("size", [4_000, MAX_REFUSALS + 1])
async def test_job_fails_at_the_limit_of_refusals_and_keeps_what_was_done(
    registry: Running, size: int
) -> None:
    job_id = await enqueue_refused_job(registry, size)
    job = await read_job(registry, job_id)
    steps = MAX_REFUSALS // size + 1
    assert (job["state"], job["error"]) == ("FAILED", "TooManyRefusals")
    assert (job["done"], job["refused"]) == (steps, steps * size)
    assert job["reason"]["en"].startswith(f"The work stopped after {MAX_REFUSALS} refusals.")
    assert job["reason"]["id"].startswith(f"Pekerjaan berhenti setelah {MAX_REFUSALS} penolakan.")
    assert job["ended_at"] is not None
    kept = await registry.sql("SELECT count(*), max(row) FROM platform.job_row_error")
    assert tuple(kept[0]) == (MAX_REFUSALS, MAX_REFUSALS)


async def test_account_with_too_many_open_jobs_waits_until_one_has_ended(registry: Running) -> None:
    jobs = [await enqueue_job(registry, "nobody.runs.this") for _ in range(MAX_OPEN_JOBS)]
    with pytest.raises(TooManyJobs):
        await enqueue_job(registry, "nobody.runs.this")
    await enqueue_job(registry, "nobody.runs.this", ordered_before=True)
    async with registry.session() as session:
        await enqueue(session, "nobody.runs.this", {}, Actor("kemensos-2"))
        await enqueue(session, "nobody.runs.this", {}, Actor.system("registry"))
    await registry.sql("UPDATE platform.job SET state = 'DONE' WHERE job_id = ANY($1)", jobs[:2])
    await enqueue_job(registry, "nobody.runs.this")


async def test_concurrent_requests_for_jobs_stay_within_the_limit(registry: Running) -> None:
    for _ in range(MAX_OPEN_JOBS - 1):
        await enqueue_job(registry, "nobody.runs.this")
    async with registry.session(ASKED_BY) as session:
        await enqueue(session, "nobody.runs.this", {}, ASKED_BY)
        other = asyncio.create_task(enqueue_job(registry, "nobody.runs.this"))
        for _ in range(3_000):
            if other.done() or await registry.sql(WAITS_FOR_THE_FIRST):
                break
            await asyncio.sleep(0.01)
    with pytest.raises(TooManyJobs):
        await other


async def test_too_many_open_jobs_are_refused_over_http_with_the_time_to_wait(registry: Running) -> None:
    ministry = registry.token("KEMENSOS")
    jobs = [await enqueue_job(registry, "nobody.runs.this") for _ in range(MAX_OPEN_JOBS)]
    answer = await registry.post("/v1/coverage-count", as_=ministry, headers={"Accept-Language": "id"})
    assert (answer.status_code, answer.json()["title"]) == (409, "TooManyJobs")
    assert answer.headers["Retry-After"] == "30"
    assert answer.json()["params"] == {"count": MAX_OPEN_JOBS, "job_ids": sorted(map(str, jobs))}
    assert answer.json()["detail"].startswith(f"Ada {MAX_OPEN_JOBS} pekerjaan Anda yang belum selesai.")


async def test_refused_rows_expire_after_their_term_and_the_counts_stay(registry: Running) -> None:
    jobs = [await enqueue_refused_job(registry, MAX_REFUSALS + 1) for _ in range(2)]
    assert len((await read_job(registry, jobs[0], "/errors"))["items"]) > 0
    await registry.sql(
        "UPDATE platform.job SET ended_at = now() - interval '91 days' WHERE job_id = $1", jobs[0]
    )
    await registry.sql(
        "UPDATE platform.job SET ended_at = now() - interval '89 days' WHERE job_id = $1", jobs[1]
    )
    await maintenance.schedule_now(registry.worker)
    await registry.work()
    assert (await read_job(registry, jobs[0], "/errors"))["items"] == []
    assert (await read_job(registry, jobs[0]))["refused"] == MAX_REFUSALS + 1
    assert len((await read_job(registry, jobs[1], "/errors"))["items"]) > 0


async def test_refused_rows_of_many_jobs_expire_some_at_a_time(registry: Running) -> None:
    await registry.sql(
        "INSERT INTO platform.job (job_id, kind, actor_sub, actor, state, ended_at) SELECT md5(n::text)::uuid, 'x', 'x',"
        " '{}', 'DONE', now() - interval '91 days' FROM generate_series(1, $1::int) n",
        JOBS_AT_ONCE + 1,
    )
    await registry.sql(
        "INSERT INTO platform.job_row_error (job_id, row, number, code, reason)"
        " SELECT job_id, 1, 1, 'X', '{}' FROM platform.job"
    )
    more = []
    for _ in range(2):
        async with registry.session() as session:
            more.append(await expire_row_errors(session))
    assert more == [True, False]
    assert await registry.sql("SELECT FROM platform.job_row_error") == []
