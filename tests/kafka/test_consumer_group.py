"""Consumer groups with several members, and a broker that stops."""

import asyncio
from collections import Counter
from uuid import UUID

import pytest

from deploy.kafka.broker import Broker
from shared.messaging import Subscription
from shared.messaging.consumer import read_stored_offsets
from shared.messaging.relay import LOCK_SPACE
from tests.factories.messaging.events import build_recorder, build_status_changed, create_keys
from tests.factories.messaging.kafka_transport import KafkaTransport
from tests.factories.messaging.service_pair import ServicePair, wait_until

pytestmark = [pytest.mark.kafka, pytest.mark.xdist_group("kafka")]


# A writer on a busy machine is faster than a group that rebalances: it waits for what it wrote to be applied.
MOST_WAITING = 3_000


async def emit_until(
    stage: ServicePair, sub: Subscription, emitted_keys: list[UUID], done: asyncio.Event
) -> Counter[tuple[str, int]]:
    """Emit an event of every key repeatedly, and return what a reader must apply."""
    number = 0
    while not done.is_set():
        if number * len(emitted_keys) - await count_applied(stage, sub) < MOST_WAITING:
            number += 1
            await stage.emit(*(build_status_changed(key) for key in emitted_keys))
        else:
            await asyncio.sleep(0.01)
    return Counter((str(key), seq) for key in emitted_keys for seq in range(1, number + 1))


async def count_applied(stage: ServicePair, sub: Subscription) -> int:
    rows = await stage.query_reader("SELECT count(*) AS n FROM received WHERE subscription = $1", sub.name)
    return int(rows[0]["n"])


async def wait_for_more(
    stage: ServicePair, transport: KafkaTransport, sub: Subscription, members: int
) -> None:
    """Wait until the group has so many members, and has applied some more."""

    async def is_stable() -> bool:
        return await transport.count_members(sub.name) == members

    await wait_until(is_stable, every=0.2)
    before = await count_applied(stage, sub)

    async def has_more() -> bool:
        return await count_applied(stage, sub) > before + 500

    await wait_until(has_more)


async def test_two_members_and_a_rebalance_under_load_apply_each_event_once(
    stage: ServicePair, transport: KafkaTransport
) -> None:
    """Members join and leave during load. Nothing is applied twice, and no gap remains."""
    sub, emitted_keys, done = build_recorder(), create_keys(60), asyncio.Event()
    stage.start_relay()
    writing = asyncio.create_task(emit_until(stage, sub, emitted_keys, done))
    try:
        first = stage.start_consumer(sub)
        await wait_for_more(stage, transport, sub, 1)
        second = stage.start_consumer(sub)
        await wait_for_more(stage, transport, sub, 2)
        await stage.stop_task(first)
        await wait_for_more(stage, transport, sub, 1)
        third = stage.start_consumer(sub)
        await wait_for_more(stage, transport, sub, 2)
    finally:
        done.set()
    expected = await writing

    async def is_complete() -> bool:
        return Counter(await stage.read_received()) == expected

    await wait_until(is_complete, every=0.3)
    await stage.stop_task(second)
    await stage.stop_task(third)
    assert Counter(await stage.read_received()) == expected
    assert await stage.read_parked() == []
    assert await stage.query_reader("SELECT FROM platform.cursor WHERE state <> 'OPEN'") == []


async def read_owners(stage: ServicePair) -> set[int]:
    """Return the connections that own shards. An interrupted relay has a new one."""
    rows = await stage.query_publisher(
        "SELECT DISTINCT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid = $1",
        LOCK_SPACE,
    )
    return {row["pid"] for row in rows}


async def test_events_emitted_while_kafka_is_down_are_sent_later(
    stage: ServicePair, broker: Broker, transport: KafkaTransport
) -> None:
    transport.send_within = 3
    sub, emitted_keys = build_recorder(), create_keys(20)
    stage.start_relay()
    stage.start_consumer(sub)
    await stage.emit(*(build_status_changed(key) for key in emitted_keys))

    async def are_first_applied() -> bool:
        return await count_applied(stage, sub) == len(emitted_keys)

    await wait_until(are_first_applied)
    broker.kill()
    for _ in range(5):
        await stage.emit(*(build_status_changed(key) for key in emitted_keys))
    # Down until a send has failed: its producer is wedged for good, and must be a new one afterwards.
    before = await read_owners(stage)

    async def has_restarted() -> bool:
        now = await read_owners(stage)
        return bool(now) and not now & before

    await wait_until(has_restarted)
    assert len(await stage.query_publisher("SELECT FROM platform.unsent")) == 100
    await asyncio.to_thread(broker.start)
    expected = Counter((str(key), seq) for key in emitted_keys for seq in range(1, 7))

    async def is_drained() -> bool:
        return Counter(await stage.read_received()) == expected

    await wait_until(is_drained, every=0.3)
    assert await stage.query_publisher("SELECT FROM platform.unsent") == []
    assert await stage.read_parked() == []


async def test_the_lag_counts_the_records_that_no_poll_has_returned(stage: ServicePair) -> None:
    sub, unread = build_recorder(), 1_200
    await stage.emit_and_relay(*(build_status_changed(key) for key in create_keys(unread)))
    source = stage.transport.source(stage, sub, await read_stored_offsets(stage.reader, sub.name))
    await source.start({})
    try:
        assert await source.lag() is None
        while unread:
            unread -= len(await source.poll())
            assert await source.lag() in {unread, None}
        assert await source.lag() == 0
        await stage.emit_and_relay(build_status_changed(create_keys(1)[0]))

        async def is_behind() -> bool:
            return await source.lag() == 1

        await wait_until(is_behind)
    finally:
        await source.close()


async def test_the_lag_counts_the_records_of_a_stopped_partition(stage: ServicePair) -> None:
    sub, key = build_recorder(), create_keys(1)[0]
    await stage.emit_and_relay(build_status_changed(key))
    await stage.consume(sub)
    await stage.query_reader(
        "UPDATE platform.consumer_offset SET last_event_id = uuidv7() WHERE subscription = $1", sub.name
    )
    source = stage.transport.source(stage, sub, await read_stored_offsets(stage.reader, sub.name))
    await source.start({})
    try:

        async def is_stopped() -> bool:
            await source.poll()
            return bool((await read_stored_offsets(stage.reader, sub.name)).stopped)

        await wait_until(is_stopped)
        await stage.emit_and_relay(build_status_changed(key), build_status_changed(key))

        async def are_counted() -> bool:
            await source.poll()
            return await source.lag() == 2

        await wait_until(are_counted)
    finally:
        await source.close()
