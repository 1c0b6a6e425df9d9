"""Polling ahead of a batch loses no event and applies none twice."""

import asyncio
from dataclasses import dataclass, field
from typing import Any, cast

from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.registry import PendampingStatusChanged
from shared.messaging import Subscription
from shared.messaging.consumer import Consumer, Source, StoredOffsets
from shared.messaging.envelope import Record
from shared.messaging.local import LocalSource
from shared.messaging.subscription import OneHandler
from tests.factories.messaging.events import build_recorder, build_status_changed, create_keys
from tests.factories.messaging.service_pair import ServicePair, wait_until

BATCH, KEYS = 300, 1_000


@dataclass(slots=True)
class InterruptedSource(LocalSource):
    """Reads small batches, and changes the generation of the offsets while one is being applied."""

    stage: ServicePair | None = None
    handling: asyncio.Event = field(default_factory=asyncio.Event)
    polls: int = 0
    polls_while_handling: int = 0
    repositions: int = 0

    async def reposition(self) -> None:
        self.repositions += 1
        await LocalSource.reposition(self)

    async def poll(self, seconds: float = 1.0) -> list[Record]:
        self.polls += 1
        self.polls_while_handling += self.handling.is_set()
        if self.stage is not None and self.polls == 3:
            await self.stage.query_reader("UPDATE platform.consumer_offset SET generation = generation + 1")
        return await LocalSource.poll(self, seconds)


def build_marked_recorder(handling: asyncio.Event) -> Subscription:
    """A recorder that sets `handling` while its handler runs."""
    sub = build_recorder()
    _, store_event = sub.handlers[PendampingStatusChanged.wire]

    async def store_marked(session: AsyncSession, event: Any, meta: Any) -> None:
        handling.set()
        await cast("OneHandler", store_event)(session, event, meta)
        handling.clear()

    sub.handlers[PendampingStatusChanged.wire] = ("one", store_marked)
    return sub


async def apply_backlog(stage: ServicePair, interrupted: ServicePair | None) -> InterruptedSource:
    handling, made = asyncio.Event(), list[InterruptedSource]()
    sub = build_marked_recorder(handling)
    await stage.emit_and_relay(*(build_status_changed(key) for key in create_keys(KEYS)))

    def make_source(stored: StoredOffsets) -> Source:
        plain = stage.transport.source(stage, sub, stored)
        assert isinstance(plain, LocalSource)
        made.append(
            InterruptedSource(
                plain.publishers, plain.topics, BATCH, stored=stored, stage=interrupted, handling=handling
            )
        )
        return made[-1]

    async def all_received() -> bool:
        return len(await stage.read_received()) >= KEYS

    stop = asyncio.Event()
    running = asyncio.create_task(Consumer(stage.reader, sub, make_source).run(stop))
    try:
        await wait_until(all_received)
    finally:
        stop.set()
        await running
    received = await stage.read_received()
    assert len(received) == len(set(received)) == KEYS
    (source,) = made
    return source


async def test_a_backlog_is_applied_once(stage: ServicePair) -> None:
    source = await apply_backlog(stage, None)
    assert source.repositions == 0
    assert source.polls_while_handling == KEYS // BATCH


async def test_batches_polled_before_the_offsets_changed_are_read_again(stage: ServicePair) -> None:
    source = await apply_backlog(stage, stage)
    assert source.repositions >= 1
