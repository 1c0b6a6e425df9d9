"""Facts on their way: a relay beside a bare producer, a replica and a reaction beside a bare consumer."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable

from deploy.bench.families import desa, kpm_facts
from deploy.bench.figure import Aim, Figure
from deploy.bench.stage import Stage
from shared.contracts.caseload import KpmRegistered, KpmUpdated
from shared.contracts.graduation import GraduasiProposed
from shared.contracts.kinds import ExitReason
from shared.database import uuid7
from shared.events import Event

LOOK_AGAIN = 0.005
WITHIN_SECONDS = 60
BARE_TOPIC = "bench.bare"


class Traffic:
    """One publisher and one subscription of another service, both real processes that stand still unless measured."""

    def __init__(self, stage: Stage, publisher: str, reader: str, subscription: str) -> None:
        self.stage, self.publisher, self.reader, self.subscription = stage, publisher, reader, subscription
        self.topic = f"pilar.{publisher}"

    async def begin(self) -> None:
        await make_bench_tables(self.stage, self.reader)
        await self.stage.worker(self.reader, "consumer", self.subscription)
        await self.stage.worker(self.publisher, "relay")

    async def positions(self) -> dict[str, int]:
        """Where the subscription stands, by partition."""
        rows = await self.stage.ask(
            self.reader,
            "SELECT partition, next_offset FROM platform.consumer_offset WHERE subscription = $1 AND topic = $2",
            self.subscription,
            self.topic,
        )
        return {str(row["partition"]): row["next_offset"] for row in rows}

    async def applied(self, count: int) -> None:
        """Wait until the subscription has gone `count` records further than nothing."""
        await until(self.stage, lambda: self.reached(count))

    async def reached(self, count: int) -> bool:
        return sum((await self.positions()).values()) >= count

    async def all_sent(self) -> bool:
        rows = await self.stage.ask(self.publisher, "SELECT EXISTS (SELECT FROM platform.unsent) AS waiting")
        return not rows[0]["waiting"]

    def hold(self, service: str, part: str) -> None:
        self.stage.children[f"{service}-{part}"].send(signal.SIGSTOP)

    def let_go(self, service: str, part: str) -> None:
        self.stage.children[f"{service}-{part}"].send(signal.SIGCONT)

    async def turn(self, events: list[Event], *, floor_first: bool) -> dict[str, float]:
        """Tell `events`, then measure relay and subscription, each beside its floor; return events a second."""
        before = await self.positions()
        self.hold(self.publisher, "relay")
        after = await self.stage.ask(
            self.publisher, "SELECT coalesce(max(outbox_id), 0) FROM platform.outbox"
        )
        await self.stage.tell(self.publisher, events)
        self.hold(self.reader, "consumer")
        count, goal = len(events), sum(before.values()) + len(events)
        found: dict[str, float] = {}
        sending = {"relay": self.relay, "producer": lambda: self.bare_producer(after[0][0])}
        reading = {
            "applied": lambda: self.consume(goal),
            "consumer": lambda: self.bare_consumer(before, count),
        }
        for pair in (sending, reading):
            for name in reversed(pair) if floor_first else pair:
                found[name] = count / await pair[name]()
        return found

    async def relay(self) -> float:
        """Seconds from letting the relay go until nothing is unsent."""
        began = time.perf_counter()
        self.let_go(self.publisher, "relay")
        await until(self.stage, self.all_sent)
        return time.perf_counter() - began

    async def consume(self, goal: int) -> float:
        """Seconds from letting the consumer go until all of it is applied; it stands still again only after."""
        began = time.perf_counter()
        self.let_go(self.reader, "consumer")
        await self.applied(goal)
        return time.perf_counter() - began

    async def bare_producer(self, after: int) -> float:
        asked = {"dsn": self.stage.superuser(self.publisher), "after": after, "topic": BARE_TOPIC}
        return await self.stage.floor("producer", asked | {"bootstrap": await self.stage.topics()})

    async def bare_consumer(self, before: dict[str, int], count: int) -> float:
        offsets = {str(number): before.get(str(number), 0) for number in range(24)}
        asked = {"dsn": self.stage.superuser(self.reader), "topic": self.topic, "offsets": offsets}
        return await self.stage.floor(
            "consumer", asked | {"count": count, "bootstrap": await self.stage.topics()}
        )


async def until(stage: Stage, done: Callable[[], Awaitable[bool]]) -> None:
    """Look every few milliseconds; a process that ended, or a minute without the end, is an error."""
    async with asyncio.timeout(WITHIN_SECONDS):
        while not await done():
            for name in stage.children:
                stage.refuse_ended(name)
            await asyncio.sleep(LOOK_AGAIN)


async def make_bench_tables(stage: Stage, service: str) -> None:
    """The floors' own tables, in the same database on the same disk."""
    await stage.ask(service, "CREATE SCHEMA IF NOT EXISTS bench")
    await stage.ask(
        service,
        'CREATE TABLE IF NOT EXISTS bench.received (partition smallint, "offset" bigint, key text, body text)',
    )


async def make_bare_topic(stage: Stage) -> None:
    from aiokafka.admin import AIOKafkaAdminClient, NewTopic

    admin = AIOKafkaAdminClient(bootstrap_servers=await stage.topics())
    await admin.start()
    if BARE_TOPIC not in await admin.list_topics():
        await admin.create_topics([NewTopic(BARE_TOPIC, 24, 1)])
    await admin.close()


async def replica(stage: Stage, *, quick: bool) -> list[Figure]:
    """Families told by caseload and kept by graduation: half of them new, half of them known already."""
    traffic = Traffic(stage, "caseload", "graduation", "kpm")
    await traffic.begin()
    await make_bare_topic(stage)
    half, turns, villages = (1_000, 1, desa()) if quick else (5_000, 4, desa())
    known = [uuid7() for _ in range(half)]
    await traffic.turn(
        [KpmRegistered.model_validate(kpm_facts(k, villages[0])) for k in known], floor_first=False
    )
    found: list[dict[str, float]] = []
    for number in range(turns):
        fresh = [uuid7() for _ in range(half)]
        told: list[Event] = [KpmUpdated.model_validate(kpm_facts(k, villages[number + 1])) for k in known]
        told += [KpmRegistered.model_validate(kpm_facts(k, villages[number])) for k in fresh]
        found.append(await traffic.turn(told, floor_first=bool(number % 2)))
        known = fresh
    return [
        paired(
            "events applied through Kafka, replica kept by batch",
            found,
            "applied",
            "consumer",
            Aim("ratio", 0.25),
        ),
        paired("events relayed", found, "relay", "producer", Aim("ratio", 0.4)),
    ]


async def reaction(stage: Stage, *, quick: bool) -> list[Figure]:
    """Proposals told by graduation; for each, caseload's handler of one event marks the membership."""
    traffic = Traffic(stage, "graduation", "caseload", "graduation")
    await traffic.begin()
    await make_bare_topic(stage)
    count, turns = (500, 1) if quick else (4_000, 3)
    await traffic.turn([proposed() for _ in range(count // 4)], floor_first=False)
    found = [
        await traffic.turn([proposed() for _ in range(count)], floor_first=bool(number % 2))
        for number in range(turns)
    ]
    name = "events applied through Kafka, handler of one event"
    return [paired(name, found, "applied", "consumer", Aim("value", 1_200))]


def proposed() -> Event:
    return GraduasiProposed(
        graduasi_id=uuid7(),
        kpm_id=uuid7(),
        kode_wilayah="33.24.09.2013",
        kepesertaan_id=uuid7(),
        exit_reason=ExitReason.SEJAHTERA_MANDIRI,
    )


def paired(name: str, found: list[dict[str, float]], value: str, floor: str, aim: Aim) -> Figure:
    return Figure.paired(
        name, "events/s", [turn[value] for turn in found], [turn[floor] for turn in found], aim
    )
