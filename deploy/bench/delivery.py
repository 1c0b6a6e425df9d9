"""Rates of event delivery: the relay, a replica and a reaction, each with its floor."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable

from deploy.bench.families import desa, kpm_facts
from deploy.bench.figure import Aim, Figure
from deploy.bench.testbed import Testbed
from shared.contracts.caseload import KpmRegistered, KpmUpdated
from shared.contracts.graduation import GraduasiProposed
from shared.contracts.kinds import ExitReason
from shared.database import uuid7
from shared.events import Event

LOOK_AGAIN = 0.005
WITHIN_SECONDS = 60
BARE_TOPIC = "bench.bare"


class Traffic:
    """One publisher and one subscription of another service, as two real processes.

    Both are paused except while they are measured.
    """

    def __init__(self, testbed: Testbed, publisher: str, reader: str, subscription: str) -> None:
        self.testbed, self.publisher, self.reader, self.subscription = (
            testbed,
            publisher,
            reader,
            subscription,
        )
        self.topic = f"pilar.{publisher}"

    async def start(self) -> None:
        await make_bench_tables(self.testbed, self.reader)
        await self.testbed.worker(self.reader, "consumer", self.subscription)
        await self.testbed.worker(self.publisher, "relay")

    async def positions(self) -> dict[str, int]:
        """Return the subscription's next offset by partition."""
        rows = await self.testbed.fetch(
            self.reader,
            "SELECT partition, next_offset FROM platform.consumer_offset WHERE subscription = $1 AND topic = $2",
            self.subscription,
            self.topic,
        )
        return {str(row["partition"]): row["next_offset"] for row in rows}

    async def wait_until_applied(self, count: int) -> None:
        """Wait until the subscription has applied `count` records in total."""
        await wait_until(self.testbed, lambda: self.reached(count))

    async def reached(self, count: int) -> bool:
        return sum((await self.positions()).values()) >= count

    async def all_sent(self) -> bool:
        rows = await self.testbed.fetch(
            self.publisher, "SELECT EXISTS (SELECT FROM platform.unsent) AS waiting"
        )
        return not rows[0]["waiting"]

    def pause(self, service: str, part: str) -> None:
        self.testbed.children[f"{service}-{part}"].send(signal.SIGSTOP)

    def resume(self, service: str, part: str) -> None:
        self.testbed.children[f"{service}-{part}"].send(signal.SIGCONT)

    async def measure_turn(self, events: list[Event], *, floor_first: bool) -> dict[str, float]:
        """Publish the events, and measure relay and subscription, each with its floor.

        Returns:
            Events per second of `relay`, `producer`, `subscription` and `consumer`.
        """
        before = await self.positions()
        self.pause(self.publisher, "relay")
        after = await self.testbed.fetch(
            self.publisher, "SELECT coalesce(max(outbox_id), 0) FROM platform.outbox"
        )
        await self.testbed.emit_events(self.publisher, events)
        self.pause(self.reader, "consumer")
        count, goal = len(events), sum(before.values()) + len(events)
        rates: dict[str, float] = {}
        sending = {"relay": self.relay, "producer": lambda: self.bare_producer(after[0][0])}
        reading = {
            "subscription": lambda: self.consume(goal),
            "consumer": lambda: self.bare_consumer(before, count),
        }
        for pair in (sending, reading):
            for name in reversed(pair) if floor_first else pair:
                rates[name] = count / await pair[name]()
        return rates

    async def relay(self) -> float:
        """Return the seconds from resuming the relay until every event is sent."""
        began = time.perf_counter()
        self.resume(self.publisher, "relay")
        await wait_until(self.testbed, self.all_sent)
        return time.perf_counter() - began

    async def consume(self, goal: int) -> float:
        """Return the seconds from resuming the consumer until it has applied all events.

        The consumer runs on afterwards. The next turn pauses it.
        """
        began = time.perf_counter()
        self.resume(self.reader, "consumer")
        await self.wait_until_applied(goal)
        return time.perf_counter() - began

    async def bare_producer(self, after: int) -> float:
        parameters = {"dsn": self.testbed.superuser(self.publisher), "after": after, "topic": BARE_TOPIC}
        return await self.testbed.floor(
            "producer", parameters | {"bootstrap": await self.testbed.start_broker()}
        )

    async def bare_consumer(self, before: dict[str, int], count: int) -> float:
        offsets = {str(number): before.get(str(number), 0) for number in range(24)}
        parameters = {"dsn": self.testbed.superuser(self.reader), "topic": self.topic, "offsets": offsets}
        return await self.testbed.floor(
            "consumer", parameters | {"count": count, "bootstrap": await self.testbed.start_broker()}
        )


async def wait_until(testbed: Testbed, done: Callable[[], Awaitable[bool]]) -> None:
    """Poll until `done` returns True.

    Raises:
        RuntimeError: a process has ended.
        TimeoutError: a minute has passed.
    """
    async with asyncio.timeout(WITHIN_SECONDS):
        while not await done():
            for name in testbed.children:
                testbed.check_running(name)
            await asyncio.sleep(LOOK_AGAIN)


async def make_bench_tables(testbed: Testbed, service: str) -> None:
    """Create the floors' own tables in the same database on the same disk."""
    await testbed.fetch(service, "CREATE SCHEMA IF NOT EXISTS bench")
    await testbed.fetch(
        service,
        'CREATE TABLE IF NOT EXISTS bench.received (partition smallint, "offset" bigint, key text, body text)',
    )


async def make_bare_topic(testbed: Testbed) -> None:
    from aiokafka.admin import AIOKafkaAdminClient, NewTopic

    admin = AIOKafkaAdminClient(bootstrap_servers=await testbed.start_broker())
    await admin.start()
    if BARE_TOPIC not in await admin.list_topics():
        await admin.create_topics([NewTopic(BARE_TOPIC, 24, 1)])
    await admin.close()


async def replica(testbed: Testbed, *, quick: bool) -> list[Figure]:
    """Measure families of caseload replicated by graduation, half of them updates."""
    traffic = Traffic(testbed, "caseload", "graduation", "kpm")
    await traffic.start()
    await make_bare_topic(testbed)
    half, turns, villages = (1_000, 1, desa()) if quick else (5_000, 4, desa())
    registered = [uuid7() for _ in range(half)]
    await traffic.measure_turn(
        [KpmRegistered.model_validate(kpm_facts(k, villages[0])) for k in registered], floor_first=False
    )
    rates: list[dict[str, float]] = []
    for number in range(turns):
        new = [uuid7() for _ in range(half)]
        events: list[Event] = [
            KpmUpdated.model_validate(kpm_facts(k, villages[number + 1])) for k in registered
        ]
        events += [KpmRegistered.model_validate(kpm_facts(k, villages[number])) for k in new]
        rates.append(await traffic.measure_turn(events, floor_first=bool(number % 2)))
        registered = new
    return [
        figure_of(
            "events applied through Kafka, replica kept by batch",
            rates,
            "subscription",
            "consumer",
            Aim("ratio", 0.35),
        ),
        figure_of("events relayed", rates, "relay", "producer", Aim("ratio", 0.4)),
    ]


async def reaction(testbed: Testbed, *, quick: bool) -> list[Figure]:
    """Measure graduation's proposals, for each of which caseload's handler marks the membership."""
    traffic = Traffic(testbed, "graduation", "caseload", "graduation")
    await traffic.start()
    await make_bare_topic(testbed)
    count, turns = (500, 1) if quick else (4_000, 3)
    await traffic.measure_turn([proposed() for _ in range(count // 4)], floor_first=False)
    rates = [
        await traffic.measure_turn([proposed() for _ in range(count)], floor_first=bool(number % 2))
        for number in range(turns)
    ]
    name = "events applied through Kafka, handler of one event"
    return [figure_of(name, rates, "subscription", "consumer", Aim("value", 1_200))]


def proposed() -> Event:
    return GraduasiProposed(
        graduasi_id=uuid7(),
        kpm_id=uuid7(),
        kode_wilayah="33.24.09.2013",
        kepesertaan_id=uuid7(),
        exit_reason=ExitReason.SEJAHTERA_MANDIRI,
    )


def figure_of(name: str, rates: list[dict[str, float]], value: str, floor: str, aim: Aim) -> Figure:
    return Figure.paired(
        name, "events/s", [turn[value] for turn in rates], [turn[floor] for turn in rates], aim
    )
