"""What only a group of members and a broker that dies can show."""

import asyncio
from collections import Counter
from uuid import UUID

import pytest

from deploy.kafka.broker import Broker
from shared.messaging import Subscription
from shared.messaging.relay import LOCK_SPACE
from tests.kafka.road import KafkaRoad
from tests.messaging.facts import changed, hearer, keys
from tests.messaging.stage import Stage, eventually

pytestmark = [pytest.mark.kafka, pytest.mark.xdist_group("kafka")]


async def write_until(stage: Stage, told: list[UUID], done: asyncio.Event) -> Counter[tuple[str, int]]:
    """Tell of every key again and again; return what a reader must hear."""
    number = 0
    while not done.is_set():
        number += 1
        await stage.tell(*(changed(key) for key in told))
        await asyncio.sleep(0.01)
    return Counter((str(key), seq) for key in told for seq in range(1, number + 1))


async def heard_more(stage: Stage, than: int, name: str) -> bool:
    rows = await stage.read("SELECT count(*) AS n FROM heard WHERE subscription = $1", name)
    return bool(rows[0]["n"] > than)


async def went_on(stage: Stage, sub: Subscription, more: int = 500) -> None:
    (row,) = await stage.read("SELECT count(*) AS n FROM heard WHERE subscription = $1", sub.name)
    await eventually(lambda: heard_more(stage, row["n"] + more, sub.name))


async def test_two_members_and_a_rebalance_under_load_apply_each_event_once(stage: Stage) -> None:
    """Members join and leave while events flow; nothing is applied twice, and no gap is left."""
    sub, told, done = hearer(), keys(60), asyncio.Event()
    stage.start_relay()
    writing = asyncio.create_task(write_until(stage, told, done))
    try:
        first = stage.start_consumer(sub)
        await went_on(stage, sub)
        second = stage.start_consumer(sub)
        await went_on(stage, sub)
        await stage.end(first)
        await went_on(stage, sub)
        third = stage.start_consumer(sub)
        await went_on(stage, sub)
    finally:
        done.set()
    expected = await writing

    async def whole() -> bool:
        return Counter(await stage.heard()) == expected

    await eventually(whole, every=0.3)
    await stage.end(second)
    await stage.end(third)
    assert Counter(await stage.heard()) == expected
    assert await stage.parked() == []
    assert await stage.read("SELECT FROM platform.cursor WHERE state <> 'OPEN'") == []


async def owners(stage: Stage) -> set[int]:
    """The connections that hold shards: a relay that was interrupted comes back with another."""
    rows = await stage.told(
        "SELECT DISTINCT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid = $1",
        LOCK_SPACE,
    )
    return {row["pid"] for row in rows}


async def test_kafka_down_commands_are_accepted_and_drained_after(
    stage: Stage, broker: Broker, transport: KafkaRoad
) -> None:
    transport.send_within = 3
    sub, told = hearer(), keys(20)
    stage.start_relay()
    stage.start_consumer(sub)
    await stage.tell(*(changed(key) for key in told))
    await eventually(lambda: heard_more(stage, 19, sub.name))
    broker.kill()
    for _ in range(5):
        await stage.tell(*(changed(key) for key in told))
    # Down until a send has failed: its producer is wedged for good, and must be a new one afterwards.
    before = await owners(stage)

    async def began_anew() -> bool:
        now = await owners(stage)
        return bool(now) and not now & before

    await eventually(began_anew)
    assert len(await stage.told("SELECT FROM platform.unsent")) == 100
    await asyncio.to_thread(broker.start)
    expected = Counter((str(key), seq) for key in told for seq in range(1, 7))

    async def drained() -> bool:
        return Counter(await stage.heard()) == expected

    await eventually(drained, seconds=60, every=0.3)
    assert await stage.told("SELECT FROM platform.unsent") == []
    assert await stage.parked() == []
