"""Failing events are parked per key, and an operator retries, skips or resumes."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from shared.access import Actor
from shared.errors import NotFound
from shared.jobs import Work, run_scheduled_task
from shared.messaging import Subscription, parked_events, recovery
from shared.worker import Parts, prepare
from tests.factories.messaging.events import (
    TOPIC,
    build_record,
    build_recorder,
    build_status_changed,
    create_keys,
)
from tests.factories.messaging.service_pair import ServicePair
from tests.factories.repository import ROOT

CURE = "ALTER TABLE received DROP CONSTRAINT ck_received_reason"
ILL = (
    "DELETE FROM received; ALTER TABLE received ADD CONSTRAINT ck_received_reason CHECK (reason <> 'poison')"
)


async def create_poisoned_key(stage: ServicePair, at: int = 0) -> tuple[Subscription, UUID]:
    """A key whose event 2 fails, with 3 and 4 parked, and ten others."""
    sub, (key, *others) = build_recorder(), create_keys(11)
    events = [
        build_status_changed(key, 1),
        build_status_changed(key, "poison"),
        build_status_changed(key, 3),
        build_status_changed(key, 4),
    ]
    batch = [build_record(key, n + 1, event=event, offset=at + n) for n, event in enumerate(events)]
    batch += [build_record(other, 1, offset=at + 4 + n) for n, other in enumerate(others)]
    await stage.receive(sub, batch)
    return sub, key


async def remove_fault(stage: ServicePair) -> Any:
    await stage.query_reader(CURE)


@pytest.fixture
async def fault_restored(stage: ServicePair) -> Any:
    yield
    for statement in ILL.split("; "):
        await stage.query_reader(statement)


async def test_a_failing_event_parks_its_key_and_no_other(stage: ServicePair) -> None:
    _, key = await create_poisoned_key(stage)
    received = await stage.read_received()
    assert len(received) == 11
    assert [seq for k, seq in received if k == str(key)] == [1]
    rows = await stage.read_parked()
    assert [(row["seq"], row["reason"]) for row in rows] == [(2, "POISON"), (3, "BEHIND"), (4, "BEHIND")]
    assert (rows[0]["sqlstate"], rows[0]["constraint_name"]) == ("23514", "ck_received_reason")
    assert rows[0]["error"] == "CheckViolationError"
    assert await stage.read_cursor(key) == (1, 1, "PARKED")


async def test_later_events_of_a_parked_key_are_parked_once(stage: ServicePair) -> None:
    sub, key = await create_poisoned_key(stage)
    later = build_record(key, 5, offset=14)
    await stage.receive(sub, [later])
    again = build_record(key, 5, event_id=json_id(later.value), offset=15)
    await stage.receive(sub, [again])
    assert [row["seq"] for row in await stage.read_parked()] == [2, 3, 4, 5]


def json_id(value: bytes) -> UUID:
    return UUID(json.loads(value)["id"])


@pytest.mark.usefixtures("fault_restored")
async def test_retry_applies_parked_events_in_order(stage: ServicePair) -> None:
    sub, key = await create_poisoned_key(stage)
    assert await recovery.retry(stage.reader, sub, TOPIC, str(key)) == 0
    (first, *_) = await stage.read_parked()
    assert (first["attempts"], await stage.read_cursor(key)) == (2, (1, 1, "PARKED"))
    await remove_fault(stage)
    assert await recovery.retry(stage.reader, sub, TOPIC, str(key)) == 3
    assert [seq for k, seq in await stage.read_received() if k == str(key)] == [1, 2, 3, 4]
    assert await stage.read_cursor(key) == (1, 4, "OPEN")
    assert await stage.read_parked() == []


async def test_skip_drops_the_first_and_applies_the_rest_in_order(stage: ServicePair) -> None:
    sub, key = await create_poisoned_key(stage)
    assert await recovery.skip(stage.reader, sub, TOPIC, str(key)) == 2
    assert [seq for k, seq in await stage.read_received() if k == str(key)] == [1, 3, 4]
    assert await stage.read_cursor(key) == (1, 4, "OPEN")


async def test_skip_passes_a_missing_event(stage: ServicePair) -> None:
    sub, (key,) = build_recorder(), create_keys(1)
    await stage.receive(
        sub, [build_record(key, 1, offset=0), build_record(key, 4, offset=1), build_record(key, 5, offset=2)]
    )
    assert await recovery.retry(stage.reader, sub, TOPIC, str(key)) == 0
    assert await recovery.skip(stage.reader, sub, TOPIC, str(key)) == 2
    assert [seq for _, seq in await stage.read_received()] == [1, 4, 5]
    await stage.receive(sub, [build_record(key, 3, offset=3)])
    assert await stage.read_cursor(key) == (1, 5, "OPEN")


async def test_resume_accepts_a_position_and_continues(stage: ServicePair) -> None:
    sub, (key,) = build_recorder(), create_keys(1)
    await stage.receive(sub, [build_record(key, seq, offset=seq) for seq in (1, 2, 3)])
    again = [build_record(key, seq, epoch=2, offset=seq + 2) for seq in (2, 3, 4)]
    await stage.receive(sub, again)
    assert await recovery.retry(stage.reader, sub, TOPIC, str(key)) == 0
    assert await stage.read_cursor(key) == (1, 3, "DIVERGED")
    assert await recovery.resume(stage.reader, sub, TOPIC, str(key), (2, 3), json_id(again[1].value)) == 1
    assert await stage.read_cursor(key) == (2, 4, "OPEN")
    assert await stage.read_parked() == []
    with pytest.raises(recovery.KeyNotDiverged):
        await recovery.resume(stage.reader, sub, TOPIC, str(key), (2, 4), json_id(again[2].value))


async def test_resume_may_accept_the_applied_position(stage: ServicePair) -> None:
    sub, (key,) = build_recorder(), create_keys(1)
    first = build_record(key, 1, offset=0)
    await stage.receive(sub, [first])
    await stage.receive(sub, [build_record(key, 1, offset=1), build_record(key, 2, offset=2)])
    assert await recovery.resume(stage.reader, sub, TOPIC, str(key), (1, 1), json_id(first.value)) == 1
    assert await stage.read_cursor(key) == (1, 2, "OPEN")


@pytest.mark.usefixtures("fault_restored")
async def test_a_retry_over_the_api_is_run_by_the_worker(stage: ServicePair) -> None:
    sub, key = await create_poisoned_key(stage)
    work = Work()
    prepare(Parts("reader", [sub], work))
    at = {"subscription": sub.name, "topic": TOPIC, "key": str(key)}
    await remove_fault(stage)
    async with stage.reader.transaction(Actor.system("reader")) as session:
        assert await parked_events.request_action(session, "retry", at) == 3
    assert await run_scheduled_task(stage.reader, work)
    assert await stage.read_cursor(key) == (1, 4, "OPEN")
    async with stage.reader.transaction(Actor.system("reader")) as session:
        with pytest.raises(NotFound):
            await parked_events.request_action(session, "retry", at)


async def test_a_skip_over_the_api_is_run_by_the_worker(stage: ServicePair) -> None:
    sub, key = await create_poisoned_key(stage)
    work = Work()
    prepare(Parts("reader", [sub], work))
    async with stage.reader.transaction(Actor.system("reader")) as session:
        await parked_events.request_action(
            session, "skip", {"subscription": sub.name, "topic": TOPIC, "key": str(key)}
        )
    assert await run_scheduled_task(stage.reader, work)
    assert [seq for k, seq in await stage.read_received() if k == str(key)] == [1, 3, 4]


VERBS = """
import sys
from shared.jobs import Work
from shared.worker import Parts, main
from tests.factories.messaging.events import build_recorder
main(Parts("reader", [build_recorder()], Work()))
"""


def run_verb(stage: ServicePair, *words: str) -> "subprocess.CompletedProcess[str]":
    """Run an operator's verb in a process, as the operator does."""
    environment = os.environ | {
        "PYTHONPATH": str(ROOT),
        "PILAR_MODE": "development",
        "PILAR_WORKER_DATABASE_URL": stage.urls["reader_worker"],
        "PILAR_OWNER_DATABASE_URL": stage.urls["reader_owner"],
        "PILAR_KEYS_FOLDER": str(stage.cluster.folder / "keys" / "registry"),
        "COLUMNS": "250",
    }
    return subprocess.run(
        [sys.executable, "-c", VERBS, *words],
        check=False,
        capture_output=True,
        text=True,
        env=environment,
        cwd=Path(ROOT),
        timeout=60,
    )


@pytest.mark.usefixtures("fault_restored")
async def test_the_operators_verbs_show_retry_and_skip(stage: ServicePair) -> None:
    _, key = await create_poisoned_key(stage)
    shown = await asyncio.to_thread(run_verb, stage, "parked", "received")
    assert shown.returncode == 0, shown.stderr
    assert "3 parked" in shown.stdout
    assert "POISON" in shown.stdout
    skipped = await asyncio.to_thread(run_verb, stage, "skip", "received", TOPIC, str(key))
    assert "applied 2" in skipped.stdout, skipped.stderr
    _, other = await create_poisoned_key(stage, at=14)
    await remove_fault(stage)
    retried = await asyncio.to_thread(run_verb, stage, "retry", "received", TOPIC, str(other))
    assert "applied 3" in retried.stdout, retried.stderr
    refused = await asyncio.to_thread(run_verb, stage, "retry", "nobody", TOPIC, str(key))
    assert (refused.returncode, "no subscription nobody" in refused.stdout) == (1, True)


async def test_a_new_keys_first_event_that_fails_is_applied_by_a_retry(
    stage: ServicePair, fault_restored: Any
) -> None:
    """Its key has no stored position yet."""
    sub, (key, other) = build_recorder(), create_keys(2)
    poison = build_record(key, 1, event=build_status_changed(key, "poison"), offset=0)
    await stage.receive(sub, [poison, build_record(other, 1, offset=1)])
    assert await stage.read_cursor(key) == (0, 0, "PARKED")
    await remove_fault(stage)
    assert await recovery.retry(stage.reader, sub, TOPIC, str(key)) == 1
    assert await stage.read_cursor(key) == (1, 1, "OPEN")
    assert (str(key), 1) in await stage.read_received()
