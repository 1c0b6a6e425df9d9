"""An enqueued job wakes an idle worker.

Without the wake-up the worker finds it when it polls.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from shared.access import Actor, Role
from shared.jobs import Job, Step, Work, enqueue, work
from tests.factories.messaging.service_pair import wait_until
from tests.factories.services import Running

KIND = "rows.count"
LONGER_THAN_THE_TEST = 600
ASKED_BY = Actor("kemensos-1", frozenset({Role.KEMENSOS}), ("*",))
LISTENERS = (
    "FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'pilar-jobs-registry'"
    " AND query LIKE 'LISTEN%'"
)


class Worker:
    """Workers that poll too rarely for a test, and what they have run."""

    def __init__(self, registry: Running) -> None:
        self.registry = registry
        self.ran: list[str] = []
        self.todo = Work(steps={KIND: self.step})

    async def step(self, session: AsyncSession, job: Job) -> Step:
        del session
        self.ran.append(job.params["name"])
        return Step(finished=True)

    async def enqueue(self, *names: str) -> None:
        async with self.registry.session(ASKED_BY) as session:
            for name in names:
                await enqueue(session, KIND, {"name": name}, ASKED_BY)

    async def count_listeners(self) -> int:
        return (await self.registry.sql(f"SELECT count(*) {LISTENERS}"))[0][0]

    async def has_run(self, *names: str) -> None:
        async with asyncio.timeout(30):
            await wait_until(lambda: self._is_done(names))

    async def _is_done(self, names: tuple[str, ...]) -> bool:
        done = await self.registry.sql(
            "SELECT params->>'name' AS name FROM platform.job WHERE state = 'DONE'"
        )
        return sorted(row["name"] for row in done) == sorted(names)


@asynccontextmanager
async def working(worker: Worker, processes: int = 1) -> AsyncIterator[None]:
    """Run workers that listen, and end them promptly."""
    stop = asyncio.Event()
    database = worker.registry.worker
    running = [
        asyncio.create_task(work(database, worker.todo, stop, poll_seconds=LONGER_THAN_THE_TEST))
        for _ in range(processes)
    ]

    async def all_listen() -> bool:
        return await worker.count_listeners() == processes

    try:
        async with asyncio.timeout(30):
            await wait_until(all_listen)
        # The first look of a connection that listens is over.
        await asyncio.sleep(0.2)
        yield
    finally:
        stop.set()
        async with asyncio.timeout(5):
            await asyncio.gather(*running)


@pytest.fixture
def worker(registry: Running) -> Worker:
    return Worker(registry)


async def test_an_enqueued_job_starts_without_a_poll(worker: Worker) -> None:
    async with working(worker):
        await worker.enqueue("a")
        await worker.has_run("a")
        await worker.enqueue("b")
        await worker.has_run("a", "b")
    assert await worker.count_listeners() == 0


async def test_a_job_enqueued_before_the_worker_listens_is_run(worker: Worker) -> None:
    await worker.enqueue("early")
    async with working(worker):
        await worker.has_run("early")


async def test_a_job_is_not_run_before_its_transaction_commits(worker: Worker) -> None:
    async with working(worker):
        async with worker.registry.session(ASKED_BY) as session:
            await enqueue(session, KIND, {"name": "late"}, ASKED_BY)
            await asyncio.sleep(0.3)
            assert worker.ran == []
        await worker.has_run("late")


async def test_several_workers_run_each_job_once(worker: Worker) -> None:
    names = [f"job {number}" for number in range(6)]
    async with working(worker, processes=3):
        await worker.enqueue(*names)
        await worker.has_run(*names)
    assert sorted(worker.ran) == names


async def test_a_lost_connection_only_delays(worker: Worker) -> None:
    async with working(worker):
        (lost,) = await worker.registry.sql(f"SELECT pid, pg_terminate_backend(pid) {LISTENERS}")
        await worker.enqueue("during the loss")
        await worker.has_run("during the loss")
        (again,) = await worker.registry.sql(f"SELECT pid {LISTENERS}")
        assert again["pid"] != lost["pid"]
        await worker.enqueue("after it")
        await worker.has_run("during the loss", "after it")


async def test_a_worker_without_a_listener_polls(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.jobs.queued_jobs.QUEUED_CHANNEL", "another_channel")
    stop = asyncio.Event()
    running = asyncio.create_task(work(worker.registry.worker, worker.todo, stop, poll_seconds=0.05))
    try:
        await worker.enqueue("polled")
        await worker.has_run("polled")
    finally:
        stop.set()
        await running
