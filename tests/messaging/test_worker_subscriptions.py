"""A worker's consumers may be spread over processes: each reads the subscriptions that it is told."""

import asyncio
from typing import Any

import pytest

from shared.jobs import Work
from shared.messaging.consumer import StoredOffsets
from shared.messaging.subscription import Subscription
from shared.worker import Parts, Transport, run_parts
from tests.factories.messaging.service_pair import Stage

PARTS = Parts(
    "reader", [Subscription(name, "replica", ["pilar.registry"]) for name in ("first", "second")], Work()
)


async def read_by(stage: Stage, only: list[str]) -> set[str]:
    """The subscriptions for which the worker opens a source."""
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


async def test_all_subscriptions_when_none_is_named(stage: Stage) -> None:
    assert await read_by(stage, []) == {"first", "second"}


async def test_only_the_one_that_is_named(stage: Stage) -> None:
    assert await read_by(stage, ["second"]) == {"second"}


async def test_a_name_that_is_none_is_refused_with_those_that_are(stage: Stage) -> None:
    with pytest.raises(LookupError, match=r"no subscription third; it has \['first', 'second'\]"):
        await read_by(stage, ["third"])
