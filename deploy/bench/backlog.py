"""A backlog sent by the relay, its first tenth beside its last, and the whole beside a bare producer."""

from __future__ import annotations

import asyncio
import time
from bisect import bisect_left
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from deploy.bench.delivery import Traffic, make_bare_topic, until
from deploy.bench.figure import Aim, Figure
from deploy.bench.stage import Stage
from shared.contracts.kinds import PendampingStatus, SubjectKind
from shared.contracts.registry import PendampingStatusChanged
from shared.database import uuid7

PUBLISHER = "registry"
KEYS = 5_000
LOOK_EVERY = 0.01
WITHIN_SECONDS = 300
# The relay sends in order of outbox_id, and a run rolls nothing back: the first that waits says how many were sent.
FIRST_WAITING = "SELECT outbox_id FROM platform.unsent ORDER BY outbox_id LIMIT 1"


@dataclass(slots=True)
class Drain:
    """How many events were sent at which second since the relay went on."""

    count: int
    sent: list[int] = field(default_factory=lambda: [0])
    at: list[float] = field(default_factory=lambda: [0.0])

    def add(self, sent: int, at: float) -> None:
        if sent > self.sent[-1]:
            self.sent.append(sent)
            self.at.append(at)

    def rate(self, first: float, last: float) -> float:
        """Return events a second between two shares (0 to 1) of the backlog, each at the next look."""
        begin, end = (bisect_left(self.sent, share * self.count) for share in (first, last))
        begin = min(begin, end - 1)
        return (self.sent[end] - self.sent[begin]) / (self.at[end] - self.at[begin])


async def backlog(stage: Stage, *, quick: bool) -> list[Figure]:
    """Hold the relay, write the events, let it go. Runs last, because other figures would read these events."""
    count = 10_000 if quick else 100_000
    traffic = Traffic(stage, PUBLISHER, "caseload", "pendamping")
    await stage.worker(PUBLISHER, "relay")
    await make_bare_topic(stage)
    keys = [uuid7() for _ in range(KEYS)]
    await stage.tell(PUBLISHER, [status_changed(key) for key in keys[:100]])
    await until(stage, traffic.all_sent)
    traffic.hold(PUBLISHER, "relay")
    (last,) = await stage.ask(PUBLISHER, "SELECT coalesce(max(outbox_id), 0) AS id FROM platform.outbox")
    await stage.tell(PUBLISHER, [status_changed(keys[number % KEYS]) for number in range(count)])
    drain = await drained(stage, traffic, last["id"] + 1, count)
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


async def drained(stage: Stage, traffic: Traffic, first: int, count: int) -> Drain:
    """Let the relay go and look how far it is until nothing waits."""
    drain, began = Drain(count), time.perf_counter()
    traffic.let_go(PUBLISHER, "relay")
    async with asyncio.timeout(WITHIN_SECONDS):
        while drain.sent[-1] < count:
            waiting = await stage.ask(PUBLISHER, FIRST_WAITING)
            drain.add(waiting[0]["outbox_id"] - first if waiting else count, time.perf_counter() - began)
            stage.refuse_ended(f"{PUBLISHER}-relay")
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
