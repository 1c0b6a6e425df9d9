"""Scheduled tasks run once, at their time, and are retried without a limit."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession

from shared.database import raw
from shared.jobs import ExternalCall, ScheduledTask, Work, run_scheduled_task, schedule, unschedule, work
from shared.privacy import SealBroken
from tests.factories.cluster import START
from tests.factories.services import Running

SOON = timedelta(days=3)


@pytest.fixture
def done_subjects() -> list[str]:
    return []


@pytest.fixture
def task_work(done_subjects: list[str]) -> Work:
    async def record_subject(session: AsyncSession, due: ScheduledTask) -> None:
        del session
        done_subjects.append(due.subject_id)

    return Work(scheduled_tasks={"term_ends": record_subject})


async def schedule_task(registry: Running, subject: str, due_at: datetime, **more: Any) -> None:
    async with registry.session() as session:
        await schedule(session, "term_ends", due_at, subject_id=subject, **more)


async def test_a_task_does_not_run_before_its_business_time(
    registry: Running, task_work: Work, done_subjects: list[str]
) -> None:
    await schedule_task(registry, "a", START + SOON)
    assert not await run_scheduled_task(registry.worker, task_work)
    await registry.set_clock(START + SOON + timedelta(minutes=1))
    assert await run_scheduled_task(registry.worker, task_work)
    assert not await run_scheduled_task(registry.worker, task_work)
    assert done_subjects == ["a"]


async def test_a_task_on_real_time_ignores_the_business_clock(
    registry: Running, task_work: Work, done_subjects: list[str]
) -> None:
    await schedule_task(registry, "a", datetime.now(UTC) + SOON, clock="real")
    await registry.set_clock(START + 2 * SOON)
    assert not await run_scheduled_task(registry.worker, task_work)
    assert done_subjects == []


async def test_many_workers_run_each_task_once(
    registry: Running, task_work: Work, done_subjects: list[str]
) -> None:
    for number in range(12):
        await schedule_task(registry, str(number), START - SOON)

    async def run_all() -> None:
        while await run_scheduled_task(registry.worker, task_work):
            pass

    await asyncio.gather(*(run_all() for _ in range(4)))
    assert sorted(done_subjects, key=int) == [str(number) for number in range(12)]


@pytest.mark.parametrize(
    "fault", [ValueError, AttributeError, ConnectionError, asyncpg.DeadlockDetectedError, RuntimeError]
)
async def test_a_failed_task_is_retried_later(registry: Running, fault: type[Exception]) -> None:
    tries: list[int] = []

    async def fail(session: AsyncSession, due: ScheduledTask) -> None:
        del session
        tries.append(due.attempts)
        raise fault

    work = Work(scheduled_tasks={"term_ends": fail})
    await schedule_task(registry, "a", START - SOON)
    assert await run_scheduled_task(registry.worker, work)
    assert not await run_scheduled_task(registry.worker, work), "it waits before the next try"
    (row,) = await registry.sql(
        "SELECT attempts, error, done_at, lease_until FROM platform.scheduled_task WHERE kind = 'term_ends'"
    )
    assert (row["attempts"], row["error"], row["done_at"]) == (1, fault.__name__, None)
    await registry.sql("UPDATE platform.scheduled_task SET lease_until = now() - interval '1 second'")
    assert await run_scheduled_task(registry.worker, work)
    assert tries == [0, 1]


async def test_a_task_that_always_fails_does_not_end_the_worker(registry: Running) -> None:
    stop, later = asyncio.Event(), asyncio.Event()

    async def fail_unless_well(session: AsyncSession, due: ScheduledTask) -> None:
        if due.subject_id == "well":
            later.set()
            return
        await (await raw(session)).execute("SELECT pg_terminate_backend(pg_backend_pid())")

    todo = Work(scheduled_tasks={"term_ends": fail_unless_well})
    await schedule_task(registry, "ill", START - 2 * SOON)
    await schedule_task(registry, "well", START - SOON)
    running = asyncio.create_task(work(registry.worker, todo, stop, poll_seconds=0.05))
    try:
        async with asyncio.timeout(30):
            await later.wait()
    finally:
        stop.set()
        await running


async def test_scheduling_again_moves_and_unscheduling_cancels(
    registry: Running, task_work: Work, done_subjects: list[str]
) -> None:
    await schedule_task(registry, "a", START - SOON)
    await schedule_task(registry, "a", START + SOON)
    assert not await run_scheduled_task(registry.worker, task_work)
    await schedule_task(registry, "b", START - SOON)
    async with registry.session() as session:
        await unschedule(session, "term_ends", "b")
    assert not await run_scheduled_task(registry.worker, task_work)
    assert done_subjects == []


async def lane_of(session: AsyncSession, due: ScheduledTask) -> str:
    del session
    return due.subject_id.split("-")[0]


async def run_tasks(registry: Running, work: Work) -> None:
    while await run_scheduled_task(registry.worker, work):
        pass


async def test_only_one_idle_loop_for_calls_polls(registry: Running) -> None:
    async def perform(lane: str) -> str:
        return lane

    async def record(session: AsyncSession, due: ScheduledTask, lane: str) -> None:
        del session, due, lane

    looks: list[float] = []

    def record_look(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if "UPDATE platform.scheduled_task SET lease =" in statement:
            looks.append(asyncio.get_running_loop().time())

    stop, every = asyncio.Event(), 0.1
    todo = Work(calls={"term_ends": ExternalCall(lane_of, perform, record)})
    engine = registry.worker.engine.sync_engine
    event.listen(engine, "before_cursor_execute", record_look)
    began = asyncio.get_running_loop().time()
    running = asyncio.create_task(work(registry.worker, todo, stop, poll_seconds=every))
    await asyncio.sleep(10 * every)
    stop.set()
    await running
    event.remove(engine, "before_cursor_execute", record_look)
    turns = (asyncio.get_running_loop().time() - began) / every
    assert 1 <= len(looks) <= turns + 1


async def test_tasks_of_one_lane_run_one_at_a_time(registry: Running) -> None:
    """Four workers call a slow partner once at a time, and another partner at once."""
    calling: dict[str, int] = {"slow": 0, "quick": 0}
    most = dict(calling)
    quick_done = asyncio.Event()

    async def perform(lane: str) -> str:
        calling[lane] += 1
        most[lane] = max(most[lane], calling[lane])
        if lane == "slow":
            async with asyncio.timeout(20):
                await quick_done.wait()
        calling[lane] -= 1
        return lane

    async def record(session: AsyncSession, due: ScheduledTask, lane: str) -> None:
        del session
        if due.subject_id == "quick-2" and lane == "quick":
            quick_done.set()

    work = Work(calls={"term_ends": ExternalCall(lane_of, perform, record)})
    for number, lane in enumerate(["slow"] * 4 + ["quick"] * 3):
        subject = f"{lane}-{number % 4}"
        await schedule_task(
            registry, subject, datetime.now(UTC) - SOON + timedelta(hours=number), clock="real", lane=lane
        )

    await asyncio.gather(*(run_tasks(registry, work) for _ in range(4)))
    assert quick_done.is_set()
    assert most == {"slow": 1, "quick": 1}
    left = "SELECT count(*) AS n FROM platform.scheduled_task WHERE kind = 'term_ends' AND done_at IS NULL"
    assert (await registry.sql(left))[0]["n"] == 0


async def test_a_call_that_cannot_be_prepared_fails_alone(registry: Running) -> None:
    called: list[str] = []

    async def prepare(session: AsyncSession, due: ScheduledTask) -> str:
        del session
        if due.subject_id == "broken":
            message = "sealed under another key"
            raise SealBroken(message)
        return due.subject_id

    async def perform(prepared: str) -> str:
        called.append(prepared)
        return prepared

    async def record(session: AsyncSession, due: ScheduledTask, result: str) -> None:
        del session, due, result

    work = Work(calls={"term_ends": ExternalCall(prepare, perform, record)})
    for number, subject in enumerate(("broken", "whole")):
        await schedule_task(
            registry, subject, datetime.now(UTC) - SOON + timedelta(seconds=number), clock="real"
        )
    await run_tasks(registry, work)
    assert called == ["whole"]
    (left,) = await registry.sql(
        "SELECT subject_id, error FROM platform.scheduled_task WHERE done_at IS NULL AND kind = 'term_ends'"
    )
    assert tuple(left) == ("broken", "SealBroken")


async def test_a_call_is_recorded_although_its_task_was_moved_or_cancelled(registry: Running) -> None:
    recorded: list[tuple[str, bool]] = []

    async def perform(subject: str) -> str:
        if subject == "moved":
            await schedule_task(registry, subject, datetime.now(UTC) + SOON, clock="real")
        if subject == "called off":
            async with registry.session() as session:
                await unschedule(session, "term_ends", subject)
        return subject

    async def record(session: AsyncSession, due: ScheduledTask, result: str) -> None:
        del session
        recorded.append((result, due.moved))

    async def prepare(session: AsyncSession, due: ScheduledTask) -> str:
        del session
        return due.subject_id

    work = Work(calls={"term_ends": ExternalCall(prepare, perform, record)})
    for subject in ("moved", "called off", "left alone"):
        await schedule_task(registry, subject, datetime.now(UTC) - SOON, clock="real")
    await run_tasks(registry, work)
    assert sorted(recorded) == [("called off", True), ("left alone", False), ("moved", True)]
    left = await registry.sql(
        "SELECT subject_id FROM platform.scheduled_task WHERE done_at IS NULL AND kind = 'term_ends'"
    )
    assert [row["subject_id"] for row in left] == ["moved"], "it falls due once more when it was moved to"


async def test_an_external_call_runs_between_two_transactions(registry: Running) -> None:
    seen: list[str] = []

    async def prepare(session: AsyncSession, due: ScheduledTask) -> str:
        del session
        return f"to {due.subject_id}"

    async def perform(prepared: str) -> str:
        idle = await registry.sql(
            "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database()"
            " AND state LIKE 'idle in transaction%'"
        )
        assert idle[0]["n"] == 0, "no transaction may be open while somebody outside is called"
        return prepared + " answered"

    async def record(session: AsyncSession, due: ScheduledTask, result: str) -> None:
        del session, due
        seen.append(result)

    work = Work(calls={"term_ends": ExternalCall(prepare, perform, record)})
    await schedule_task(registry, "the partner", START - SOON)
    await run_scheduled_task(registry.worker, work)
    assert seen == ["to the partner answered"]
