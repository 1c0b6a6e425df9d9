"""The relay's rate over a large backlog, and its first tenth compared with its last."""

from __future__ import annotations

import asyncio
import time
from bisect import bisect_left
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from deploy.bench.delivery import Traffic, make_bare_topic, wait_until
from deploy.bench.figure import Aim, Figure
from deploy.bench.testbed import Testbed
from shared.contracts.kinds import PendampingStatus, SubjectKind
from shared.contracts.registry import PendampingStatusChanged
from shared.database import uuid7

PUBLISHER = "registry"
KEYS = 5_000
LOOK_EVERY = 0.01
WITHIN_SECONDS = 300
# The relay sends in order of outbox_id, and no outbox_id is missing here: the first unsent one gives the count of sent events.
FIRST_WAITING = "SELECT outbox_id FROM platform.unsent ORDER BY outbox_id LIMIT 1"


@dataclass(slots=True)
class Drain:
    """Counts of sent events, each with the seconds since the relay was resumed."""

    count: int
    sent: list[int] = field(default_factory=lambda: [0])
    at: list[float] = field(default_factory=lambda: [0.0])

    def add(self, sent: int, at: float) -> None:
        if sent > self.sent[-1]:
            self.sent.append(sent)
            self.at.append(at)

    def rate(self, first: float, last: float) -> float:
        """Return the events per second between two shares (0 to 1) of the backlog."""
        begin, end = (bisect_left(self.sent, share * self.count) for share in (first, last))
        begin = min(begin, end - 1)
        return (self.sent[end] - self.sent[begin]) / (self.at[end] - self.at[begin])


async def backlog(testbed: Testbed, *, quick: bool) -> list[Figure]:
    """Pause the relay, write the events, resume it.

    Runs last, because the subscriptions of other figures would read these events.
    """
    count = 10_000 if quick else 100_000
    traffic = Traffic(testbed, PUBLISHER, "caseload", "pendamping")
    await testbed.worker(PUBLISHER, "relay")
    await make_bare_topic(testbed)
    keys = [uuid7() for _ in range(KEYS)]
    await testbed.emit_events(PUBLISHER, [status_changed(key) for key in keys[:100]])
    await wait_until(testbed, traffic.all_sent)
    traffic.pause(PUBLISHER, "relay")
    (last,) = await testbed.fetch(PUBLISHER, "SELECT coalesce(max(outbox_id), 0) AS id FROM platform.outbox")
    await testbed.emit_events(PUBLISHER, [status_changed(keys[number % KEYS]) for number in range(count)])
    drain = await record_drain(testbed, traffic, last["id"] + 1, count)
    floor = count / await traffic.bare_producer(last["id"])
    first_tenth, last_tenth = drain.rate(0, 0.1), drain.rate(0.9, 1)
    return [
        Figure.paired(f"a backlog of {count:,} events sent", "events/s", [drain.rate(0, 1)], [floor]),
        Figure.paired(
            "the first tenth of that backlog, beside the last",
            "events/s",
            [first_tenth],
            [last_tenth],
            Aim("ratio", 0.7),
        ),
    ]


async def record_drain(testbed: Testbed, traffic: Traffic, first: int, count: int) -> Drain:
    """Resume the relay and record its progress until no event waits."""
    drain, began = Drain(count), time.perf_counter()
    traffic.resume(PUBLISHER, "relay")
    async with asyncio.timeout(WITHIN_SECONDS):
        while drain.sent[-1] < count:
            waiting = await testbed.fetch(PUBLISHER, FIRST_WAITING)
            drain.add(waiting[0]["outbox_id"] - first if waiting else count, time.perf_counter() - began)
            testbed.check_running(f"{PUBLISHER}-relay")
            await asyncio.sleep(LOOK_EVERY)
    return drain


def status_changed(pendamping_id: UUID) -> PendampingStatusChanged:
    return PendampingStatusChanged(
        pendamping_id=pendamping_id,
        pendamping_no=str(pendamping_id),
        subject=SubjectKind.PERSON,
        status=PendampingStatus.CUTI,
        reason="",
        from_on=date(2026, 5, 4),
    )
