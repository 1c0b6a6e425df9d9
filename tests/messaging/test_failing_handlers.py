"""A handler that fails is tried again, and its event is isolated and parked."""

from typing import Any

import pytest

from shared.database import raw
from shared.messaging import Meta, Subscription
from tests.factories.messaging.events import (
    TOPIC,
    build_record,
    build_recorder,
    build_status_changed,
    create_keys,
)
from tests.factories.messaging.service_pair import ServicePair, wait_until


async def test_one_events_statement_timeout_parks_it_after_five_tries(stage: ServicePair) -> None:
    sub, (key, other) = Subscription("received", "reaction", [TOPIC]), create_keys(2)
    tries = []

    @sub.on(type(build_status_changed(key)))
    async def sleep(session: Any, event: Any, meta: Meta) -> None:
        if event.reason == "slow":
            tries.append(meta.seq)
            await (await raw(session)).execute("SET LOCAL statement_timeout = '30ms'")
            await (await raw(session)).execute("SELECT pg_sleep(20)")

    batch = [
        build_record(key, 1, event=build_status_changed(key, "slow"), offset=0),
        build_record(other, 1, offset=1),
    ]
    for _ in range(4):
        with pytest.raises(Exception, match="statement timeout"):
            await stage.receive(sub, batch)
        assert await stage.read_parked() == []
    await stage.receive(sub, batch)
    assert [(row["key"], row["sqlstate"]) for row in await stage.read_parked()] == [(str(key), "57014")]
    assert len(tries) == 15  # in each of five deliveries in the batch, in its replay and alone
    assert await stage.read_cursor(other) == (1, 1, "OPEN")


async def test_one_failing_event_in_a_full_batch_is_isolated_by_halving(stage: ServicePair) -> None:
    """A thousand savepoints would take seconds. A batch must stay under 500 ms."""
    sub, emitted_keys = build_recorder(), create_keys(256)
    batch = [
        build_record(key, 1, event=build_status_changed(key, "poison" if n == 77 else n), offset=n)
        for n, key in enumerate(emitted_keys)
    ]
    batch += [build_record(key, 2, offset=256 + n) for n, key in enumerate(emitted_keys)]
    await stage.receive(sub, batch)
    assert [(row["key"], row["seq"]) for row in await stage.read_parked()] == [
        (str(emitted_keys[77]), 1),
        (str(emitted_keys[77]), 2),
    ]
    received = await stage.read_received()
    assert len(received) == len(set(received)) == 510
    assert all(
        received.index((str(key), 1)) < received.index((str(key), 2))
        for key in emitted_keys
        if key != emitted_keys[77]
    )


async def test_a_deadlock_or_a_lost_connection_is_tried_again_and_parks_nothing(stage: ServicePair) -> None:
    sub, (key,) = Subscription("received", "reaction", [TOPIC]), create_keys(1)
    tries: list[int] = []

    @sub.on(type(build_status_changed(key)))
    async def fail_twice(session: Any, event: Any, meta: Meta) -> None:
        tries.append(meta.seq)
        connection = await raw(session)
        if len(tries) == 1:
            await connection.execute("DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '40P01'; END $$")
        if len(tries) == 2:
            await connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        await connection.execute(
            "INSERT INTO received (subscription, key, epoch, seq, wire, reason)"
            " VALUES ('received', $1, 1, 1, '', '')",
            meta.key,
        )

    await stage.emit_and_relay(build_status_changed(key))
    await stage.consume(sub)
    assert (len(tries), await stage.read_received()) == (3, [(str(key), 1)])
    assert await stage.read_parked() == []


async def test_any_error_of_a_handler_parks_and_does_not_end_the_consumer(stage: ServicePair) -> None:
    sub, emitted_keys = Subscription("received", "reaction", [TOPIC]), create_keys(4)
    faults: list[Exception] = [ZeroDivisionError(), RuntimeError(), KeyError("x"), NotImplementedError()]

    @sub.on(type(build_status_changed(emitted_keys[0])))
    async def fail(session: Any, event: Any, meta: Meta) -> None:
        raise faults[int(event.reason)]

    await stage.emit_and_relay(*(build_status_changed(key, n) for n, key in enumerate(emitted_keys)))
    stage.start_consumer(sub)

    async def are_parked() -> bool:
        return len(await stage.read_parked()) == 4

    await wait_until(are_parked)
    assert {row["error"] for row in await stage.read_parked()} == {type(fault).__name__ for fault in faults}
