"""Many failing keys at once mean a faulty release, so the consumer stops."""

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from shared.messaging.consumer import Consumer, Source, StoredOffsets
from shared.messaging.dispatch import TooManyParked
from shared.messaging.envelope import Record
from tests.factories.messaging.events import build_record, build_recorder, build_status_changed, create_keys
from tests.factories.messaging.service_pair import LONGEST_WAIT, ServicePair


async def test_over_fifty_failing_keys_within_five_minutes_stop_the_subscription(stage: ServicePair) -> None:
    sub, emitted_keys = build_recorder(), create_keys(60)
    batch = [
        build_record(key, 1, event=build_status_changed(key, "poison"), offset=n)
        for n, key in enumerate(emitted_keys)
    ]
    await stage.receive(sub, batch[:50])
    assert len(await stage.read_parked()) == 50
    with pytest.raises(TooManyParked):
        await stage.receive(sub, batch[50:])
    assert len(await stage.read_parked()) == 50
    await stage.query_reader("UPDATE platform.parked SET parked_at = parked_at - interval '6 minutes'")
    await stage.receive(sub, batch[50:])
    assert len(await stage.read_parked()) == 60


class ObservedSource:
    """The pair's own source, which records that it was closed."""

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


async def test_a_stopped_consumer_releases_its_source_and_does_not_restart(stage: ServicePair) -> None:
    """Otherwise its partitions would not go to another member that can read them."""
    sub, made, first = build_recorder(), list[ObservedSource](), asyncio.Event()

    def source(stored: StoredOffsets) -> ObservedSource:
        made.append(ObservedSource(stage.transport.source(stage, sub, stored)))
        first.set()
        return made[-1]

    await stage.emit_and_relay(*(build_status_changed(key, "poison") for key in create_keys(60)))
    stop = asyncio.Event()
    running = asyncio.create_task(Consumer(stage.reader, sub, source).run(stop))
    try:
        async with asyncio.timeout(LONGEST_WAIT):
            await first.wait()
            await made[0].left.wait()
        await asyncio.sleep(1)
        assert (len(made), running.done()) == (1, False)
        assert await stage.read_parked() == []
    finally:
        stop.set()
        await running
