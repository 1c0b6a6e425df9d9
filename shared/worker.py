"""A service's worker process: relay, consumers and jobs, and an operator's verbs on them."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import structlog

from shared import clock, logs, loop, telemetry
from shared.database import Database
from shared.faults import refuse_in_production
from shared.jobs import Due, Work, work
from shared.messaging import draining, housekeeping, republish
from shared.messaging.consumer import Consumer, Source, Stored
from shared.messaging.relay import Publisher, Relay
from shared.messaging.subscription import Subscription
from shared.privacy import Vault
from shared.settings import Settings

Part = Literal["relay", "consumer", "jobs"]
EVERY_PART: tuple[Part, ...] = ("relay", "consumer", "jobs")
STOP_WITHIN_SECONDS = 15
PARENT = "PILAR_WORKER_PARENT"
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Parts:
    """What one service's worker is made of."""

    service: str
    subscriptions: Sequence[Subscription]
    work: Work

    def subscription(self, name: str) -> Subscription:
        """Return a subscription by its name.

        Raises:
            LookupError: there is none.
        """
        for subscription in self.subscriptions:
            if subscription.name == name:
                return subscription
        message = f"{self.service} has no subscription {name}; it has {[s.name for s in self.subscriptions]}"
        raise LookupError(message)


@dataclass(frozen=True, slots=True)
class Transport:
    """How facts travel: makes a publisher for a relay and a source for a subscription."""

    publisher: Callable[[], Publisher]
    source: Callable[[Subscription, Stored], Source]


def worker_database(settings: Settings, *, pool_size: int = 8) -> Database:
    """The service's database under its worker role, with the service's keys."""
    return Database(
        settings.worker_database_url,
        service=settings.service,
        pool_size=pool_size,
        statement_cache_size=settings.statement_cache_size,
        statement_timeout_ms=30_000,
        vault=Vault.of(settings),
    )


def prepare(parts: Parts, transport: Transport | None = None) -> None:
    """Give the worker the platform's own work: operators' orders on parked keys, republish, housekeeping."""

    def ordered(verb: Callable[..., Awaitable[int]]) -> Callable[..., Awaitable[None]]:
        async def carry_out(session: object, due: Due) -> None:
            at = due.payload
            await verb(session, parts.subscription(at["subscription"]), at["topic"], at["key"])

        return carry_out

    parts.work.dues.setdefault("parked.retry", ordered(draining.drain))
    parts.work.dues.setdefault("parked.skip", ordered(draining.skip_first))
    if transport is not None:
        parts.work.steps[republish.KIND] = republish.republish_step(transport)
    housekeeping.register(parts.work)


async def run_parts(
    parts: Parts,
    database: Database,
    transport: Transport,
    stop: asyncio.Event,
    wanted: Sequence[Part] = EVERY_PART,
    *,
    relayed: Callable[[], None] | None = None,
    only: Sequence[str] = (),
) -> None:
    """Run the wanted parts until `stop`; when one ends unasked, all end, and the process with them.

    `only` names the subscriptions that this process reads, where several share them out. Raises LookupError for one
    that is not.
    """
    read = [parts.subscription(name) for name in only] or parts.subscriptions
    prepare(parts, transport)
    async with asyncio.TaskGroup() as group:
        if "relay" in wanted:
            relay = Relay(database.url, parts.service, transport.publisher())
            group.create_task(_ends_with(relay.run(stop), stop))
            if relayed is not None:
                group.create_task(_tell(relay, relayed, stop))
        if "consumer" in wanted:
            for subscription in read:
                consumer = Consumer(
                    database, subscription, lambda stored, s=subscription: transport.source(s, stored)
                )
                group.create_task(_ends_with(consumer.run(stop), stop))
        if "jobs" in wanted:
            await housekeeping.begin(database)
            group.create_task(_ends_with(work(database, parts.work, stop), stop))


async def _ends_with(running: Awaitable[None], stop: asyncio.Event) -> None:
    try:
        await running
    finally:
        stop.set()


async def _tell(relay: Relay, relayed: Callable[[], None], stop: asyncio.Event) -> None:
    while not stop.is_set():
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1):
                await relay.sent.wait()
        if relay.sent.is_set():
            relay.sent.clear()
            relayed()


def stop_on_signals() -> asyncio.Event:
    """Return an event that SIGTERM and SIGINT set."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


def main(parts: Parts) -> None:
    """Run `worker [relay|consumer [SUBSCRIPTION …]|jobs]` (all by default, jobs in a child), or an operator's verb."""
    settings = Settings.load_for(parts.service)
    refuse_in_production(settings.production)
    logs.configure(settings)
    clock.configure(settings)
    arguments = sys.argv[1:]
    if arguments and arguments[0] not in EVERY_PART:
        from shared.operator import operate

        operate(parts, settings, arguments)
        return
    try:
        only = [parts.subscription(word) for word in arguments if word not in EVERY_PART]
    except LookupError as error:
        sys.exit(str(error))
    supervising = _supervise(parts, settings, arguments, [one.name for one in only])
    loop.run(_measured(settings, supervising))


async def _measured(settings: Settings, running: Awaitable[None]) -> None:
    """Serve /metrics while the worker runs; its child for jobs has no port."""
    if not settings.metrics_port or PARENT in os.environ:
        await running
        return
    async with telemetry.serve(settings.metrics_port, settings.metrics_host):
        await running


async def _supervise(parts: Parts, settings: Settings, arguments: Sequence[str], only: Sequence[str]) -> None:
    stop = stop_on_signals()
    wanted: Sequence[Part] = [part for part in EVERY_PART if part in arguments] or ("relay", "consumer")
    child = None if arguments else _jobs_child(parts)
    following = asyncio.create_task(_end_with_parent(stop))
    transport = kafka_transport(settings)
    database = worker_database(settings)
    await database.check_version()

    async def run() -> None:
        await _make_topics(settings, wanted, stop)
        await run_parts(parts, database, transport, stop, wanted, only=only)

    running = asyncio.create_task(_ends_with(run(), stop))
    watching = asyncio.create_task(_watch(child, stop)) if child else None
    await stop.wait()
    done, _ = await asyncio.wait({running}, timeout=STOP_WITHIN_SECONDS)
    for task in (watching, following):
        if task is not None:
            task.cancel()
    await _end(child)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(5):
            await database.close()
    fault = running.exception() if done else TimeoutError()
    if fault is not None:
        log.error("worker_failed", error=_names_of(fault))
    # A client library may hold threads or tasks that wait for a dead broker for ever.
    os._exit(0 if fault is None else 1)


async def _make_topics(settings: Settings, wanted: Sequence[Part], stop: asyncio.Event) -> None:
    """Make the topics that are not there yet; a broker that is down is waited for, and nothing is lost meanwhile."""
    from shared.kafka.topics import create_topics

    while not stop.is_set() and {"relay", "consumer"} & set(wanted):
        try:
            await create_topics(settings.kafka_bootstrap, replication=settings.kafka_replication)
        except (OSError, TimeoutError, RuntimeError) as error:
            log.warning("topics_not_made", error=type(error).__name__)
            await asyncio.sleep(2)
        else:
            return


def _names_of(error: BaseException | None) -> str:
    """Return the classes in a group of errors, never their values."""
    if isinstance(error, BaseExceptionGroup):
        return ", ".join(_names_of(one) for one in error.exceptions)
    return type(error).__name__


def _jobs_child(parts: Parts) -> "subprocess.Popen[bytes]":
    """Start the jobs in a process of their own: a long parse must not hold up deliveries."""
    return subprocess.Popen(
        [sys.executable, "-m", f"services.{parts.service}.worker", "jobs"], env=_orphans_end()
    )


def _orphans_end() -> Mapping[str, str]:
    return {**os.environ, PARENT: str(os.getpid())}


async def _end_with_parent(stop: asyncio.Event) -> None:
    """The jobs' process ends when the worker that started it does, even by kill -9."""
    parent = os.environ.get(PARENT)
    while parent and os.getppid() == int(parent):  # noqa: ASYNC110 (nobody tells a process of its parent's end)
        await asyncio.sleep(0.5)
    if parent:
        stop.set()


async def _watch(child: "subprocess.Popen[bytes]", stop: asyncio.Event) -> None:
    while child.poll() is None:  # noqa: ASYNC110 (a plain child process has no event)
        await asyncio.sleep(0.5)
    log.error("jobs_ended", status=child.returncode)
    stop.set()


async def _end(child: "subprocess.Popen[bytes] | None") -> None:
    if child is None or child.poll() is not None:
        return
    child.terminate()
    for _ in range(STOP_WITHIN_SECONDS * 10):
        if child.poll() is not None:
            return
        await asyncio.sleep(0.1)
    child.kill()


def kafka_transport(settings: Settings) -> Transport:
    """Facts through Kafka."""
    from shared.kafka.producer import KafkaPublisher
    from shared.kafka.source import KafkaSource

    return Transport(
        publisher=lambda: KafkaPublisher(settings.kafka_bootstrap),
        source=lambda subscription, stored: KafkaSource(
            settings.kafka_bootstrap, f"{settings.service}.{subscription.name}", subscription, stored
        ),
    )
