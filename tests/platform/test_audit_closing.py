"""Blocks are closed by a scheduled task, also after kill -9."""

from datetime import UTC, datetime, timedelta

from shared.access import Actor, Role
from shared.audit import closing
from shared.jobs import Step, enqueue
from tests.factories.audit import read_entries
from tests.factories.services import Running
from tests.factories.worker_process import start_worker, wait_for_end

LEMBAGA = {"subject": "LEMBAGA", "name": "Karang Taruna Bina Muda"}


async def test_the_task_closes_a_block_and_schedules_the_next_minute(registry: Running) -> None:
    token = registry.token("KEMENSOS")
    await registry.post("/v1/pendamping", LEMBAGA, as_=token)
    await closing.schedule_now(registry.worker)
    await registry.work()
    (block,) = await registry.sql("SELECT * FROM platform.audit_block")
    assert (block["block_no"], block["entry_count"], block["faulty_ids"]) == (1, 1, [])
    (task,) = await registry.sql(
        "SELECT due_at FROM platform.scheduled_task WHERE kind = 'audit.close' AND done_at IS NULL"
    )
    assert timedelta(0) < task["due_at"] - datetime.now(UTC) <= closing.EVERY
    wires = [envelope["type"] for envelope in await registry.read_envelopes()]
    assert wires.count("registry.audit_block_closed.v1") == 1


async def test_a_minute_without_entries_has_no_block(registry: Running) -> None:
    for _ in range(2):
        await closing.schedule_now(registry.worker)
        await registry.work()
    assert await registry.sql("SELECT FROM platform.audit_block") == []
    assert await registry.read_envelopes() == []


async def test_a_killed_worker_closes_each_entry_once(registry: Running) -> None:
    token = registry.token("KEMENSOS")
    for _ in range(3):
        await registry.post("/v1/pendamping", LEMBAGA, as_=token)
    process = start_worker(registry, "due.audit.close.before_commit=kill")
    assert await wait_for_end(process) == -9
    assert await registry.sql("SELECT FROM platform.audit_block") == []
    await closing.schedule_now(registry.worker)
    await registry.work()
    (block,) = await registry.sql("SELECT * FROM platform.audit_block")
    assert sorted(block["entry_ids"]) == sorted(entry["audit_id"] for entry in await read_entries(registry))


async def test_a_step_of_a_job_has_one_entry_of_who_ordered_it(registry: Running) -> None:
    async def count_step(_session: object, job: object) -> Step:
        del job
        return Step(done=2_000, finished=True)

    registry.parts.work.steps["example.count"] = count_step
    actor = Actor("dinsos-9", frozenset({Role.DINSOS_KABKOTA}), ("33.24",))
    async with registry.session(actor) as session:
        await enqueue(session, "example.count", {}, actor)
    await registry.work()
    (entry,) = await read_entries(registry)
    assert (entry["actor"], entry["act"], entry["outcome"]) == ("dinsos-9", "example.count", "CHANGED")
    assert (entry["subject_count"], entry["subject_ids"]) == (2_000, [])
