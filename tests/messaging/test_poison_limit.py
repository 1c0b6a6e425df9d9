"""Many poisoned keys at once are a bad release, not bad events: the reader stops, and leaves its places to a better one."""

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from shared.messaging.consumer import Consumer, Source, StoredOffsets
from shared.messaging.dispatch import TooManyParked
from shared.messaging.envelope import Record
from tests.factories.messaging.events import changed, hearer, keys, record_of
from tests.factories.messaging.service_pair import LONGEST_WAIT, Stage


async def test_over_fifty_poisoned_keys_within_five_minutes_stop_the_subscription(stage: Stage) -> None:
    sub, told = hearer(), keys(60)
    batch = [record_of(key, 1, event=changed(key, "poison"), offset=n) for n, key in enumerate(told)]
    await stage.receive(sub, batch[:50])
    assert len(await stage.parked()) == 50
    with pytest.raises(TooManyParked):
        await stage.receive(sub, batch[50:])
    assert len(await stage.parked()) == 50
    await stage.read("UPDATE platform.parked SET parked_at = parked_at - interval '6 minutes'")
    await stage.receive(sub, batch[50:])
    assert len(await stage.parked()) == 60


class Watched:
    """The stage's own source, which tells when it is left."""

    def __init__(self, source: Source) -> None:
        self.source, self.left = source, asyncio.Event()

    async def start(self, stored: Mapping[tuple[str, int], int], *, starts: str = "beginning") -> None:
        await self.source.start(stored, starts=starts)

    async def poll(self, seconds: float = 1.0) -> list[Record]:
        return await self.source.poll(seconds)

    async def applied(self, records: Sequence[Record]) -> None:
        await self.source.applied(records)

    async def reposition(self) -> None:
        await self.source.reposition()

    async def lag(self) -> int | None:
        return await self.source.lag()

    async def close(self) -> None:
        await self.source.close()
        self.left.set()


async def test_a_reader_that_stops_holds_nothing_of_its_topics_and_begins_no_more(stage: Stage) -> None:
    """A member that stood still with its partitions would keep them from the members that could read them."""
    sub, made, first = hearer(), list[Watched](), asyncio.Event()

    def source(stored: StoredOffsets) -> Watched:
        made.append(Watched(stage.transport.source(stage, sub, stored)))
        first.set()
        return made[-1]

    await stage.publish(*(changed(key, "poison") for key in keys(60)))
    stop = asyncio.Event()
    running = asyncio.create_task(Consumer(stage.reader, sub, source).run(stop))
    try:
        async with asyncio.timeout(LONGEST_WAIT):
            await first.wait()
            await made[0].left.wait()
        await asyncio.sleep(1)
        assert (len(made), running.done()) == (1, False)
        assert await stage.parked() == []
    finally:
        stop.set()
        await running
