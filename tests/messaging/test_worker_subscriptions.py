"""A worker process reads the subscriptions that its arguments name."""

import asyncio
from typing import Any

import pytest

from shared.jobs import Work
from shared.messaging.consumer import StoredOffsets
from shared.messaging.subscription import Subscription
from shared.worker import Parts, Transport, run_parts
from tests.factories.messaging.service_pair import ServicePair

PARTS = Parts(
    "reader", [Subscription(name, "replica", ["pilar.registry"]) for name in ("first", "second")], Work()
)


async def read_opened(stage: ServicePair, only: list[str]) -> set[str]:
    """Return the subscriptions for which the worker opens a source."""
    opened, stop = set[str](), asyncio.Event()

    def source(subscription: Subscription, _: StoredOffsets) -> Any:
        opened.add(subscription.name)
        raise ConnectionError

    transport = Transport(publisher=lambda: pytest.fail("nothing is sent"), source=source)
    running = asyncio.create_task(run_parts(PARTS, stage.reader, transport, stop, ["consumer"], only=only))
    while not running.done() and len(opened) < len(only or PARTS.subscriptions):
        await asyncio.wait({running}, timeout=0.05)
    await asyncio.wait({running}, timeout=0.5)  # for one that nobody named
    stop.set()
    await running
    return opened


async def test_all_subscriptions_when_none_is_named(stage: ServicePair) -> None:
    assert await read_opened(stage, []) == {"first", "second"}


async def test_only_the_one_that_is_named(stage: ServicePair) -> None:
    assert await read_opened(stage, ["second"]) == {"second"}


async def test_an_unknown_name_is_refused_with_the_known_names(stage: ServicePair) -> None:
    with pytest.raises(LookupError, match=r"no subscription third; it has \['first', 'second'\]"):
        await read_opened(stage, ["third"])
