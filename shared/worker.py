"""A service's worker process: relay, consumers, jobs, and an operator's verbs."""

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
from shared.audit import bulk_reads, closing
from shared.database import Database
from shared.faults import refuse_in_production
from shared.jobs import ScheduledTask, Work, work
from shared.messaging import maintenance, recovery, republish
from shared.messaging.consumer import Consumer, Source, StoredOffsets
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
    """The parts of one service's worker."""

    service: str
    subscriptions: Sequence[Subscription]
    work: Work

    def subscription(self, name: str) -> Subscription:
        """Return the subscription of that name.

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
    """Makes a publisher for a relay and a source for a subscription."""

    publisher: Callable[[], Publisher]
    source: Callable[[Subscription, StoredOffsets], Source]


def worker_database(settings: Settings, *, pool_size: int = 8) -> Database:
    """Return the service's database under its worker role."""
    return Database(
        settings.worker_database_url,
        service=settings.service,
        pool_size=pool_size,
        statement_cache_size=settings.statement_cache_size,
        statement_timeout_ms=30_000,
        vault=Vault.of(settings),
    )


def prepare(parts: Parts, transport: Transport | None = None) -> None:
    """Register the platform's own work: actions on parked keys, republish, maintenance."""

    def for_parked_key(verb: Callable[..., Awaitable[int]]) -> Callable[..., Awaitable[None]]:
        async def run_action(session: object, due: ScheduledTask) -> None:
            at = due.payload
            await verb(session, parts.subscription(at["subscription"]), at["topic"], at["key"])

        return run_action

    parts.work.scheduled_tasks.setdefault("parked.retry", for_parked_key(recovery.apply_parked))
    parts.work.scheduled_tasks.setdefault("parked.skip", for_parked_key(recovery.skip_in_transaction))
    if transport is not None:
        parts.work.steps[republish.KIND] = republish.republish_step(transport)
    maintenance.register(parts.work)
    closing.register(parts.work)
    bulk_reads.register(parts.work)


async def run_parts(
    parts: Parts,
    database: Database,
    transport: Transport,
    stop: asyncio.Event,
    part_names: Sequence[Part] = EVERY_PART,
    *,
    relayed: Callable[[], None] | None = None,
    only: Sequence[str] = (),
) -> None:
    """Run the given parts until `stop`. When one ends earlier, all end.

    `only` names the subscriptions that this process reads, where several processes share them.

    Raises:
        LookupError: `only` names an unknown subscription.
    """
    read = [parts.subscription(name) for name in only] or parts.subscriptions
    prepare(parts, transport)
    async with asyncio.TaskGroup() as group:
        if "relay" in part_names:
            relay = Relay(database.url, parts.service, transport.publisher())
            group.create_task(_ends_with(relay.run(stop), stop))
            if relayed is not None:
                group.create_task(_report_relayed(relay, relayed, stop))
        if "consumer" in part_names:
            for subscription in read:
                consumer = Consumer(
                    database, subscription, lambda stored, s=subscription: transport.source(s, stored)
                )
                group.create_task(_ends_with(consumer.run(stop), stop))
        if "jobs" in part_names:
            await maintenance.schedule_now(database)
            await closing.schedule_now(database)
            await bulk_reads.schedule_now(database)
            group.create_task(_ends_with(work(database, parts.work, stop), stop))


async def _ends_with(running: Awaitable[None], stop: asyncio.Event) -> None:
    try:
        await running
    finally:
        stop.set()


async def _report_relayed(relay: Relay, relayed: Callable[[], None], stop: asyncio.Event) -> None:
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
    """Run `worker [relay|consumer [SUBSCRIPTION …]|jobs]`, or an operator's verb.

    Without arguments it runs all parts, with the jobs in a child process.
    """
    settings = Settings.load_for(parts.service)
    refuse_in_production(settings.production)
    logs.configure(settings)
    clock.configure(settings)
    telemetry.instrument(None, settings)
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
    """Serve /metrics while the worker runs. The child process for jobs has no port."""
    if not settings.metrics_port or PARENT in os.environ:
        await running
        return
    async with telemetry.serve(settings.metrics_port, settings.metrics_host):
        await running


async def _supervise(parts: Parts, settings: Settings, arguments: Sequence[str], only: Sequence[str]) -> None:
    stop = stop_on_signals()
    part_names: Sequence[Part] = [part for part in EVERY_PART if part in arguments] or ("relay", "consumer")
    child = None if arguments else _jobs_child(parts)
    parent_watch = asyncio.create_task(_end_with_parent(stop))
    transport = kafka_transport(settings)
    database = worker_database(settings)
    await database.check_version()

    async def run() -> None:
        await _make_topics(settings, part_names, stop)
        await run_parts(parts, database, transport, stop, part_names, only=only)

    running = asyncio.create_task(_ends_with(run(), stop))
    child_watch = asyncio.create_task(_stop_with_child(child, stop)) if child else None
    await stop.wait()
    done, _ = await asyncio.wait({running}, timeout=STOP_WITHIN_SECONDS)
    for task in (child_watch, parent_watch):
        if task is not None:
            task.cancel()
    await _end_child(child)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(5):
            await database.close()
            await telemetry.flush_traces()
    error_of_run = running.exception() if done else TimeoutError()
    if error_of_run is not None:
        log.error("worker_failed", error=_names_of(error_of_run))
    # A client library may have threads or tasks that wait for a dead broker for ever.
    os._exit(0 if error_of_run is None else 1)


async def _make_topics(settings: Settings, part_names: Sequence[Part], stop: asyncio.Event) -> None:
    """Create the missing topics, retrying while the broker is down."""
    from shared.kafka.brokers import Brokers
    from shared.kafka.topics import create_topics

    brokers = Brokers.of(settings)
    while not stop.is_set() and {"relay", "consumer"} & set(part_names):
        try:
            await create_topics(brokers, replication=settings.kafka_replication)
        except (OSError, TimeoutError, RuntimeError) as error:
            log.warning("topics_not_made", error=type(error).__name__)
            await asyncio.sleep(2)
        else:
            return


def _names_of(error: BaseException | None) -> str:
    """Return the class names in a group of errors, never their values."""
    if isinstance(error, BaseExceptionGroup):
        return ", ".join(_names_of(one) for one in error.exceptions)
    return type(error).__name__


def _jobs_child(parts: Parts) -> "subprocess.Popen[bytes]":
    """Start the jobs in a child process, so that long parsing does not delay deliveries."""
    return subprocess.Popen(
        [sys.executable, "-m", f"services.{parts.service}.worker", "jobs"], env=_child_environment()
    )


def _child_environment() -> Mapping[str, str]:
    return {**os.environ, PARENT: str(os.getpid())}


async def _end_with_parent(stop: asyncio.Event) -> None:
    """Stop the jobs' process when its parent ends, even by kill -9."""
    parent = os.environ.get(PARENT)
    while parent and os.getppid() == int(parent):  # noqa: ASYNC110 (no event for the end of a parent process)
        await asyncio.sleep(0.5)
    if parent:
        stop.set()


async def _stop_with_child(child: "subprocess.Popen[bytes]", stop: asyncio.Event) -> None:
    while child.poll() is None:  # noqa: ASYNC110 (no event for the end of a child process)
        await asyncio.sleep(0.5)
    log.error("jobs_ended", status=child.returncode)
    stop.set()


async def _end_child(child: "subprocess.Popen[bytes] | None") -> None:
    if child is None or child.poll() is not None:
        return
    child.terminate()
    for _ in range(STOP_WITHIN_SECONDS * 10):
        if child.poll() is not None:
            return
        await asyncio.sleep(0.1)
    child.kill()


def kafka_transport(settings: Settings) -> Transport:
    from shared.kafka.brokers import Brokers
    from shared.kafka.producer import KafkaPublisher
    from shared.kafka.source import KafkaSource

    brokers = Brokers.of(settings)
    return Transport(
        publisher=lambda: KafkaPublisher(brokers),
        source=lambda subscription, stored: KafkaSource(
            brokers, f"{settings.service}.{subscription.name}", subscription, stored
        ),
    )
