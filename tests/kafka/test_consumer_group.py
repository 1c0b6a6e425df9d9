"""Consumer groups with several members, and a broker that stops."""

import asyncio
from collections import Counter
from uuid import UUID

import pytest

from deploy.kafka.broker import Broker
from shared.messaging import Subscription
from shared.messaging.relay import LOCK_SPACE
from tests.factories.messaging.events import changed, keys, recorder
from tests.factories.messaging.kafka_transport import KafkaTransport
from tests.factories.messaging.service_pair import ServicePair, eventually

pytestmark = [pytest.mark.kafka, pytest.mark.xdist_group("kafka")]


# A writer on a busy machine is faster than a group that rebalances: it waits for what it wrote to be applied.
MOST_WAITING = 3_000


async def write_until(
    stage: ServicePair, sub: Subscription, emitted_keys: list[UUID], done: asyncio.Event
) -> Counter[tuple[str, int]]:
    """Emit an event of every key repeatedly, and return what a reader must apply."""
    number = 0
    while not done.is_set():
        if number * len(emitted_keys) - await applied(stage, sub) < MOST_WAITING:
            number += 1
            await stage.emit(*(changed(key) for key in emitted_keys))
        else:
            await asyncio.sleep(0.01)
    return Counter((str(key), seq) for key in emitted_keys for seq in range(1, number + 1))


async def applied(stage: ServicePair, sub: Subscription) -> int:
    rows = await stage.query_reader("SELECT count(*) AS n FROM received WHERE subscription = $1", sub.name)
    return int(rows[0]["n"])


async def applied_more(
    stage: ServicePair, transport: KafkaTransport, sub: Subscription, members: int
) -> None:
    """Wait until the group has so many members, and has applied some more."""

    async def stable() -> bool:
        return await transport.members(sub.name) == members

    await eventually(stable, every=0.2)
    before = await applied(stage, sub)

    async def more() -> bool:
        return await applied(stage, sub) > before + 500

    await eventually(more)


async def test_two_members_and_a_rebalance_under_load_apply_each_event_once(
    stage: ServicePair, transport: KafkaTransport
) -> None:
    """Members join and leave during load. Nothing is applied twice, and no gap remains."""
    sub, emitted_keys, done = recorder(), keys(60), asyncio.Event()
    stage.start_relay()
    writing = asyncio.create_task(write_until(stage, sub, emitted_keys, done))
    try:
        first = stage.start_consumer(sub)
        await applied_more(stage, transport, sub, 1)
        second = stage.start_consumer(sub)
        await applied_more(stage, transport, sub, 2)
        await stage.end(first)
        await applied_more(stage, transport, sub, 1)
        third = stage.start_consumer(sub)
        await applied_more(stage, transport, sub, 2)
    finally:
        done.set()
    expected = await writing

    async def whole() -> bool:
        return Counter(await stage.received()) == expected

    await eventually(whole, every=0.3)
    await stage.end(second)
    await stage.end(third)
    assert Counter(await stage.received()) == expected
    assert await stage.parked() == []
    assert await stage.query_reader("SELECT FROM platform.cursor WHERE state <> 'OPEN'") == []


async def owners(stage: ServicePair) -> set[int]:
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
    sub, emitted_keys = recorder(), keys(20)
    stage.start_relay()
    stage.start_consumer(sub)
    await stage.emit(*(changed(key) for key in emitted_keys))

    async def first_applied() -> bool:
        return await applied(stage, sub) == len(emitted_keys)

    await eventually(first_applied)
    broker.kill()
    for _ in range(5):
        await stage.emit(*(changed(key) for key in emitted_keys))
    # Down until a send has failed: its producer is wedged for good, and must be a new one afterwards.
    before = await owners(stage)

    async def restarted() -> bool:
        now = await owners(stage)
        return bool(now) and not now & before

    await eventually(restarted)
    assert len(await stage.query_publisher("SELECT FROM platform.unsent")) == 100
    await asyncio.to_thread(broker.start)
    expected = Counter((str(key), seq) for key in emitted_keys for seq in range(1, 7))

    async def drained() -> bool:
        return Counter(await stage.received()) == expected

    await eventually(drained, every=0.3)
    assert await stage.query_publisher("SELECT FROM platform.unsent") == []
    assert await stage.parked() == []
