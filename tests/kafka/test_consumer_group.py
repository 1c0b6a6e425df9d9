"""What only a group of members and a broker that dies can show."""

import asyncio
from collections import Counter
from uuid import UUID

import pytest

from deploy.kafka.broker import Broker
from shared.messaging import Subscription
from shared.messaging.relay import LOCK_SPACE
from tests.factories.messaging.events import changed, hearer, keys
from tests.factories.messaging.kafka_transport import KafkaTransport
from tests.factories.messaging.service_pair import Stage, eventually

pytestmark = [pytest.mark.kafka, pytest.mark.xdist_group("kafka")]


# A writer on a busy machine is faster than a group that rebalances: it waits for what it wrote to be applied.
MOST_WAITING = 3_000


async def write_until(
    stage: Stage, sub: Subscription, told: list[UUID], done: asyncio.Event
) -> Counter[tuple[str, int]]:
    """Emit an event of every key again and again; return what a reader must apply."""
    number = 0
    while not done.is_set():
        if number * len(told) - await applied(stage, sub) < MOST_WAITING:
            number += 1
            await stage.emit(*(changed(key) for key in told))
        else:
            await asyncio.sleep(0.01)
    return Counter((str(key), seq) for key in told for seq in range(1, number + 1))


async def applied(stage: Stage, sub: Subscription) -> int:
    rows = await stage.read("SELECT count(*) AS n FROM handled WHERE subscription = $1", sub.name)
    return int(rows[0]["n"])


async def went_on(stage: Stage, transport: KafkaTransport, sub: Subscription, members: int) -> None:
    """Wait until the group is stable with so many members, and until they have applied some more."""

    async def stable() -> bool:
        return await transport.members(sub.name) == members

    await eventually(stable, every=0.2)
    before = await applied(stage, sub)

    async def more() -> bool:
        return await applied(stage, sub) > before + 500

    await eventually(more)


async def test_two_members_and_a_rebalance_under_load_apply_each_event_once(
    stage: Stage, transport: KafkaTransport
) -> None:
    """Members join and leave while events flow; nothing is applied twice, and no gap is left."""
    sub, told, done = hearer(), keys(60), asyncio.Event()
    stage.start_relay()
    writing = asyncio.create_task(write_until(stage, sub, told, done))
    try:
        first = stage.start_consumer(sub)
        await went_on(stage, transport, sub, 1)
        second = stage.start_consumer(sub)
        await went_on(stage, transport, sub, 2)
        await stage.end(first)
        await went_on(stage, transport, sub, 1)
        third = stage.start_consumer(sub)
        await went_on(stage, transport, sub, 2)
    finally:
        done.set()
    expected = await writing

    async def whole() -> bool:
        return Counter(await stage.handled()) == expected

    await eventually(whole, every=0.3)
    await stage.end(second)
    await stage.end(third)
    assert Counter(await stage.handled()) == expected
    assert await stage.parked() == []
    assert await stage.read("SELECT FROM platform.cursor WHERE state <> 'OPEN'") == []


async def owners(stage: Stage) -> set[int]:
    """The connections that hold shards: a relay that was interrupted comes back with another."""
    rows = await stage.query_publisher(
        "SELECT DISTINCT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid = $1",
        LOCK_SPACE,
    )
    return {row["pid"] for row in rows}


async def test_kafka_down_commands_are_accepted_and_drained_after(
    stage: Stage, broker: Broker, transport: KafkaTransport
) -> None:
    transport.send_within = 3
    sub, told = hearer(), keys(20)
    stage.start_relay()
    stage.start_consumer(sub)
    await stage.emit(*(changed(key) for key in told))

    async def first_applied() -> bool:
        return await applied(stage, sub) == len(told)

    await eventually(first_applied)
    broker.kill()
    for _ in range(5):
        await stage.emit(*(changed(key) for key in told))
    # Down until a send has failed: its producer is wedged for good, and must be a new one afterwards.
    before = await owners(stage)

    async def began_anew() -> bool:
        now = await owners(stage)
        return bool(now) and not now & before

    await eventually(began_anew)
    assert len(await stage.query_publisher("SELECT FROM platform.unsent")) == 100
    await asyncio.to_thread(broker.start)
    expected = Counter((str(key), seq) for key in told for seq in range(1, 7))

    async def drained() -> bool:
        return Counter(await stage.handled()) == expected

    await eventually(drained, every=0.3)
    assert await stage.query_publisher("SELECT FROM platform.unsent") == []
    assert await stage.parked() == []
