"""The delivery process of one machine: all four services' relays and subscriptions in one loop; jobs in another.

A job that parses a file for a minute must not hold up a decision on its way to another service.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from deploy.services import SERVICES, parts_of
from services.referral.partner.commands import address as partner_address
from shared import clock, logs, loop, telemetry
from shared.database import Database
from shared.events import SEALED_TOPIC
from shared.messaging.consumer import Stored
from shared.messaging.local import LocalPublisher, LocalSource
from shared.messaging.subscription import Subscription
from shared.settings import Settings
from shared.worker import Part, Transport, run_parts, stop_on_signals, worker_database


@dataclass(slots=True)
class Roads:
    """The logs of all publishers, each read through its publisher's worker role, and who reads them now."""

    databases: Mapping[str, Database]
    sources: dict[tuple[str, str], LocalSource] = field(default_factory=dict[tuple[str, str], LocalSource])

    def transport(self, service: str) -> Transport:
        def source(subscription: Subscription, stored: Stored) -> LocalSource:
            topics = {topic: self.databases[publisher_of(topic)] for topic in subscription.topics}
            made = LocalSource(topics, subscription.topics, stored=stored)
            self.sources[service, subscription.name] = made
            return made

        return Transport(publisher=LocalPublisher, source=source)

    def wake(self) -> None:
        """Something was appended: whoever waits looks again."""
        for source in self.sources.values():
            source.awake.set()


def publisher_of(topic: str) -> str:
    """The service in whose database a topic's log lies; identities are sealed by caseload."""
    return "caseload" if topic == SEALED_TOPIC else topic.removeprefix("pilar.")


async def run(wanted: Sequence[Part]) -> None:
    """Run these parts of every service until a signal, or until one of them ends."""
    stop = stop_on_signals()
    settings = {service: Settings.load_for(service) for service in SERVICES}
    databases = {service: worker_database(settings[service], pool_size=10) for service in SERVICES}
    roads = Roads(databases)
    try:
        async with asyncio.TaskGroup() as group:
            for service in SERVICES:
                group.create_task(
                    run_parts(
                        parts_of(service),
                        databases[service],
                        roads.transport(service),
                        stop,
                        wanted,
                        relayed=roads.wake,
                    )
                )
    finally:
        stop.set()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(3):
                await asyncio.gather(*(database.close() for database in databases.values()))


async def measured(port: int) -> None:
    async with telemetry.serve(port):
        await run(["relay", "consumer"])


def main() -> None:
    """`delivery` runs relays and subscriptions and serves what they measure; `delivery jobs` runs the jobs."""
    settings = Settings.load_for("delivery")
    logs.configure(settings)
    clock.configure(settings)
    if sys.argv[1:] == ["jobs"]:
        partner_address.configure(Settings.load_for("referral"))
        loop.run(run(["jobs"]))
        return
    loop.run(measured(int(os.environ["PILAR_PORT"])))


if __name__ == "__main__":
    main()
