"""What fails for good waits, per key and in order; an operator retries, skips or resumes; all else flows."""

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
from shared.database import raw
from shared.errors import NotFound
from shared.jobs import Work, run_scheduled_task
from shared.messaging import Meta, Subscription, parked_events, recovery
from shared.worker import Parts, prepare
from tests.factories.messaging.events import TOPIC, changed, hearer, keys, record_of
from tests.factories.messaging.service_pair import Stage, eventually
from tests.factories.repository import ROOT

CURE = "ALTER TABLE handled DROP CONSTRAINT ck_handled_reason"
ILL = "DELETE FROM handled; ALTER TABLE handled ADD CONSTRAINT ck_handled_reason CHECK (reason <> 'poison')"


async def poisoned(stage: Stage, at: int = 0) -> tuple[Subscription, UUID]:
    """A key that stands at 1, with 2 (poison), 3 and 4 parked; ten other keys that flowed past it."""
    sub, (key, *others) = hearer(), keys(11)
    events = [changed(key, 1), changed(key, "poison"), changed(key, 3), changed(key, 4)]
    batch = [record_of(key, n + 1, event=event, offset=at + n) for n, event in enumerate(events)]
    batch += [record_of(other, 1, offset=at + 4 + n) for n, other in enumerate(others)]
    await stage.receive(sub, batch)
    return sub, key


async def cured(stage: Stage) -> Any:
    await stage.read(CURE)


@pytest.fixture
async def ill_again(stage: Stage) -> Any:
    yield
    for statement in ILL.split("; "):
        await stage.read(statement)


async def test_a_poison_event_parks_one_family_and_no_other(stage: Stage) -> None:
    _, key = await poisoned(stage)
    heard = await stage.handled()
    assert len(heard) == 11
    assert [seq for k, seq in heard if k == str(key)] == [1]
    rows = await stage.parked()
    assert [(row["seq"], row["reason"]) for row in rows] == [(2, "POISON"), (3, "BEHIND"), (4, "BEHIND")]
    assert (rows[0]["sqlstate"], rows[0]["constraint_name"]) == ("23514", "ck_handled_reason")
    assert rows[0]["error"] == "CheckViolationError"
    assert await stage.cursor(key) == (1, 1, "PARKED")


async def test_later_events_of_a_parked_key_only_append_behind_it_once(stage: Stage) -> None:
    sub, key = await poisoned(stage)
    later = record_of(key, 5, offset=14)
    await stage.receive(sub, [later])
    again = record_of(key, 5, event_id=json_id(later.value), offset=15)
    await stage.receive(sub, [again])
    assert [row["seq"] for row in await stage.parked()] == [2, 3, 4, 5]


def json_id(value: bytes) -> UUID:
    return UUID(json.loads(value)["id"])


@pytest.mark.usefixtures("ill_again")
async def test_retry_drains_in_order(stage: Stage) -> None:
    sub, key = await poisoned(stage)
    assert await recovery.retry(stage.reader, sub, TOPIC, str(key)) == 0
    (first, *_) = await stage.parked()
    assert (first["attempts"], await stage.cursor(key)) == (2, (1, 1, "PARKED"))
    await cured(stage)
    assert await recovery.retry(stage.reader, sub, TOPIC, str(key)) == 3
    assert [seq for k, seq in await stage.handled() if k == str(key)] == [1, 2, 3, 4]
    assert await stage.cursor(key) == (1, 4, "OPEN")
    assert await stage.parked() == []


async def test_skip_passes_over_the_first_and_drains_the_rest_in_order(stage: Stage) -> None:
    sub, key = await poisoned(stage)
    assert await recovery.skip(stage.reader, sub, TOPIC, str(key)) == 2
    assert [seq for k, seq in await stage.handled() if k == str(key)] == [1, 3, 4]
    assert await stage.cursor(key) == (1, 4, "OPEN")


async def test_skip_passes_over_an_event_that_never_came(stage: Stage) -> None:
    sub, (key,) = hearer(), keys(1)
    await stage.receive(
        sub, [record_of(key, 1, offset=0), record_of(key, 4, offset=1), record_of(key, 5, offset=2)]
    )
    assert await recovery.retry(stage.reader, sub, TOPIC, str(key)) == 0
    assert await recovery.skip(stage.reader, sub, TOPIC, str(key)) == 2
    assert [seq for _, seq in await stage.handled()] == [1, 4, 5]
    await stage.receive(sub, [record_of(key, 3, offset=3)])
    assert await stage.cursor(key) == (1, 5, "OPEN")


async def test_resume_names_the_position_to_trust_and_goes_on(stage: Stage) -> None:
    sub, (key,) = hearer(), keys(1)
    await stage.receive(sub, [record_of(key, seq, offset=seq) for seq in (1, 2, 3)])
    anew = [record_of(key, seq, epoch=2, offset=seq + 2) for seq in (2, 3, 4)]
    await stage.receive(sub, anew)
    assert await recovery.retry(stage.reader, sub, TOPIC, str(key)) == 0
    assert await stage.cursor(key) == (1, 3, "DIVERGED")
    assert await recovery.resume(stage.reader, sub, TOPIC, str(key), (2, 3), json_id(anew[1].value)) == 1
    assert await stage.cursor(key) == (2, 4, "OPEN")
    assert await stage.parked() == []
    with pytest.raises(recovery.KeyNotDiverged):
        await recovery.resume(stage.reader, sub, TOPIC, str(key), (2, 4), json_id(anew[2].value))


async def test_resume_may_trust_what_was_applied_against_what_came(stage: Stage) -> None:
    sub, (key,) = hearer(), keys(1)
    first = record_of(key, 1, offset=0)
    await stage.receive(sub, [first])
    await stage.receive(sub, [record_of(key, 1, offset=1), record_of(key, 2, offset=2)])
    assert await recovery.resume(stage.reader, sub, TOPIC, str(key), (1, 1), json_id(first.value)) == 1
    assert await stage.cursor(key) == (1, 2, "OPEN")


@pytest.mark.usefixtures("ill_again")
async def test_an_order_over_the_api_is_carried_out_by_the_worker(stage: Stage) -> None:
    sub, key = await poisoned(stage)
    work = Work()
    prepare(Parts("reader", [sub], work))
    at = {"subscription": sub.name, "topic": TOPIC, "key": str(key)}
    await cured(stage)
    async with stage.reader.transaction(Actor.system("reader")) as session:
        assert await parked_events.request_action(session, "retry", at) == 3
    assert await run_scheduled_task(stage.reader, work)
    assert await stage.cursor(key) == (1, 4, "OPEN")
    async with stage.reader.transaction(Actor.system("reader")) as session:
        with pytest.raises(NotFound):
            await parked_events.request_action(session, "retry", at)


async def test_a_skip_over_the_api_is_carried_out_by_the_worker(stage: Stage) -> None:
    sub, key = await poisoned(stage)
    work = Work()
    prepare(Parts("reader", [sub], work))
    async with stage.reader.transaction(Actor.system("reader")) as session:
        await parked_events.request_action(session, "skip", {"subscription": sub.name, "topic": TOPIC, "key": str(key)})
    assert await run_scheduled_task(stage.reader, work)
    assert [seq for k, seq in await stage.handled() if k == str(key)] == [1, 3, 4]


VERBS = """
import sys
from shared.jobs import Work
from shared.worker import Parts, main
from tests.factories.messaging.events import hearer
main(Parts("reader", [hearer()], Work()))
"""


def verb(stage: Stage, *words: str) -> "subprocess.CompletedProcess[str]":
    """Run an operator's verb as the operator does."""
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


@pytest.mark.usefixtures("ill_again")
async def test_the_operators_verbs_show_retry_and_skip(stage: Stage) -> None:
    _, key = await poisoned(stage)
    shown = await asyncio.to_thread(verb, stage, "parked", "handled")
    assert shown.returncode == 0, shown.stderr
    assert "3 parked" in shown.stdout
    assert "POISON" in shown.stdout
    skipped = await asyncio.to_thread(verb, stage, "skip", "handled", TOPIC, str(key))
    assert "applied 2" in skipped.stdout, skipped.stderr
    _, other = await poisoned(stage, at=14)
    await cured(stage)
    retried = await asyncio.to_thread(verb, stage, "retry", "handled", TOPIC, str(other))
    assert "applied 3" in retried.stdout, retried.stderr
    refused = await asyncio.to_thread(verb, stage, "retry", "nobody", TOPIC, str(key))
    assert (refused.returncode, "no subscription nobody" in refused.stdout) == (1, True)


async def test_one_events_statement_timeout_parks_it_after_five_tries(stage: Stage) -> None:
    sub, (key, other) = Subscription("handled", "reaction", [TOPIC]), keys(2)
    tries = []

    @sub.on(type(changed(key)))
    async def sleep(session: Any, event: Any, meta: Meta) -> None:
        if event.reason == "slow":
            tries.append(meta.seq)
            await (await raw(session)).execute("SET LOCAL statement_timeout = '30ms'")
            await (await raw(session)).execute("SELECT pg_sleep(20)")

    batch = [record_of(key, 1, event=changed(key, "slow"), offset=0), record_of(other, 1, offset=1)]
    for _ in range(4):
        with pytest.raises(Exception, match="statement timeout"):
            await stage.receive(sub, batch)
        assert await stage.parked() == []
    await stage.receive(sub, batch)
    assert [(row["key"], row["sqlstate"]) for row in await stage.parked()] == [(str(key), "57014")]
    assert len(tries) == 15  # in each of five deliveries in the batch, in its replay and alone
    assert await stage.cursor(other) == (1, 1, "OPEN")


async def test_one_poison_in_a_full_batch_is_found_by_halving(stage: Stage) -> None:
    """A thousand savepoints would hold the batch for seconds; a batch is to stay under 500 ms."""
    sub, told = hearer(), keys(256)
    batch = [
        record_of(key, 1, event=changed(key, "poison" if n == 77 else n), offset=n)
        for n, key in enumerate(told)
    ]
    batch += [record_of(key, 2, offset=256 + n) for n, key in enumerate(told)]
    await stage.receive(sub, batch)
    assert [(row["key"], row["seq"]) for row in await stage.parked()] == [
        (str(told[77]), 1),
        (str(told[77]), 2),
    ]
    heard = await stage.handled()
    assert len(heard) == len(set(heard)) == 510
    assert all(heard.index((str(key), 1)) < heard.index((str(key), 2)) for key in told if key != told[77])


async def test_a_deadlock_or_a_lost_connection_is_tried_again_and_parks_nothing(stage: Stage) -> None:
    sub, (key,) = Subscription("handled", "reaction", [TOPIC]), keys(1)
    tries: list[int] = []

    @sub.on(type(changed(key)))
    async def stumble(session: Any, event: Any, meta: Meta) -> None:
        tries.append(meta.seq)
        connection = await raw(session)
        if len(tries) == 1:
            await connection.execute("DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '40P01'; END $$")
        if len(tries) == 2:
            await connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        await connection.execute(
            "INSERT INTO handled (subscription, key, epoch, seq, wire, reason)"
            " VALUES ('handled', $1, 1, 1, '', '')",
            meta.key,
        )

    await stage.publish(changed(key))
    await stage.listen(sub)
    assert (len(tries), await stage.handled()) == (3, [(str(key), 1)])
    assert await stage.parked() == []


async def test_a_handlers_own_mistake_of_any_class_parks_and_does_not_end_the_reader(stage: Stage) -> None:
    sub, told = Subscription("handled", "reaction", [TOPIC]), keys(4)
    faults: list[Exception] = [ZeroDivisionError(), RuntimeError(), KeyError("x"), NotImplementedError()]

    @sub.on(type(changed(told[0])))
    async def fail(session: Any, event: Any, meta: Meta) -> None:
        raise faults[int(event.reason)]

    await stage.publish(*(changed(key, n) for n, key in enumerate(told)))
    stage.start_consumer(sub)

    async def parked() -> bool:
        return len(await stage.parked()) == 4

    await eventually(parked)
    assert {row["error"] for row in await stage.parked()} == {type(fault).__name__ for fault in faults}
