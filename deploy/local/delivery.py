"""The delivery process of one machine: relays and subscriptions of all services.

Jobs run in another process, so that a long job does not delay events.
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
from shared.audit.witness import WITNESS
from shared.database import Database
from shared.events import SEALED_TOPIC
from shared.messaging.consumer import StoredOffsets
from shared.messaging.local import LocalPublisher, LocalSource
from shared.messaging.subscription import Subscription
from shared.settings import Settings
from shared.worker import Part, Transport, run_parts, stop_on_signals, worker_database


@dataclass(slots=True)
class LocalTransports:
    """The event logs of all publishers, and the sources that read them.

    Each log is read through its publisher's worker role.
    """

    databases: Mapping[str, Database]
    sources: dict[tuple[str, str], LocalSource] = field(default_factory=dict[tuple[str, str], LocalSource])

    def transport(self, service: str) -> Transport:
        def make_source(subscription: Subscription, stored: StoredOffsets) -> LocalSource:
            topics = {topic: self.databases[publisher_of(topic)] for topic in subscription.topics}
            source = LocalSource(topics, subscription.topics, stored=stored)
            self.sources[service, subscription.name] = source
            return source

        return Transport(publisher=LocalPublisher, source=make_source)

    def wake(self) -> None:
        """Wake the sources, because events were appended.

        Audit blocks come once a minute, and are read by the slow poll.
        """
        for (_, subscription), source in self.sources.items():
            if subscription != WITNESS:
                source.wakeup.set()


def publisher_of(topic: str) -> str:
    """Return the service whose database has a topic's log. Caseload seals identities."""
    return "caseload" if topic == SEALED_TOPIC else topic.rpartition(".")[2]


async def run(parts: Sequence[Part]) -> None:
    """Run these parts of every service until a signal, or until one of them ends."""
    stop = stop_on_signals()
    settings = {service: Settings.load_for(service) for service in SERVICES}
    databases = {service: worker_database(settings[service], pool_size=10) for service in SERVICES}
    transports = LocalTransports(databases)
    try:
        async with asyncio.TaskGroup() as group:
            for service in SERVICES:
                group.create_task(
                    run_parts(
                        parts_of(service),
                        databases[service],
                        transports.transport(service),
                        stop,
                        parts,
                        relayed=transports.wake,
                    )
                )
    finally:
        stop.set()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(3):
                await asyncio.gather(*(database.close() for database in databases.values()))


async def run_with_metrics(port: int) -> None:
    async with telemetry.serve(port):
        await run(["relay", "consumer"])


def main() -> None:
    """Run relays and subscriptions with a metrics endpoint, or with `jobs` the jobs."""
    settings = Settings.load_for("delivery")
    logs.configure(settings)
    clock.configure(settings)
    telemetry.instrument(None, settings)
    if sys.argv[1:] == ["jobs"]:
        partner_address.configure(Settings.load_for("referral"))
        loop.run(run(["jobs"]))
        return
    loop.run(run_with_metrics(int(os.environ["PILAR_PORT"])))


if __name__ == "__main__":
    main()
