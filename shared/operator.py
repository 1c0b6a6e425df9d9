"""An operator's verbs, run as `python -m services.<name>.worker VERB`.

The verbs are parked, retry, skip, resume, rebuild, republish, epoch and accept-topic.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import asyncpg
import typer
from rich.console import Console
from rich.table import Table

from shared.access import Actor
from shared.errors import DomainError
from shared.jobs import enqueue
from shared.messaging import recovery, republish
from shared.messaging.cursors import NOW_SUFFIX
from shared.messaging.rebuild import Rebuild
from shared.settings import Settings

if TYPE_CHECKING:
    from shared.worker import Parts

SHOWN_COLUMNS = (
    "parked_id",
    "subscription",
    "topic",
    "key",
    "epoch",
    "seq",
    "reason",
    "error",
    "attempts",
    "parked_at",
)


def operate(parts: "Parts", settings: Settings, arguments: Sequence[str]) -> None:
    """Run one verb and exit: 0 when done, 1 with a sentence when refused."""
    app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
    console = Console()

    def run(act: Callable[[], Awaitable[Any]]) -> Any:
        try:
            return asyncio.run(_call(act))
        except (DomainError, LookupError) as error:
            console.print(f"[red]{error}[/red]")
            raise typer.Exit(1) from None

    _add_parked_verbs(app, parts, settings, console, run)
    _add_topic_verbs(app, parts, settings, console, run)
    app(list(arguments), prog_name=f"services.{parts.service}.worker")


async def _call(act: Callable[[], Awaitable[Any]]) -> Any:
    return await act()


def _add_parked_verbs(
    app: typer.Typer, parts: "Parts", settings: Settings, console: Console, run: Any
) -> None:
    from shared.worker import worker_database

    async def run_on_key(verb: Any, name: str, topic: str, key: str, *more: Any) -> int:
        database = worker_database(settings)
        try:
            return await verb(database, parts.subscription(name), topic, key, *more)
        finally:
            await database.close()

    @app.command()
    def parked(subscription: Annotated[str, typer.Argument()] = "") -> None:
        """List the parked events of one subscription, or of all."""
        rows = run(lambda: _parked(settings, subscription))
        table = Table(*SHOWN_COLUMNS, title=f"{parts.service}: {len(rows)} parked")
        for row in rows:
            table.add_row(*(str(row[name]) for name in SHOWN_COLUMNS))
        console.print(table)

    @app.command()
    def retry(subscription: str, topic: str, key: str) -> None:
        """Apply the parked events of a key in order, until one fails."""
        console.print(f"applied {run(lambda: run_on_key(recovery.retry, subscription, topic, key))}")

    @app.command()
    def skip(subscription: str, topic: str, key: str) -> None:
        """Skip the first parked event of a key for good, and apply the rest."""
        console.print(f"applied {run(lambda: run_on_key(recovery.skip, subscription, topic, key))} after it")

    @app.command()
    def resume(subscription: str, topic: str, key: str, epoch: int, seq: int, event_id: UUID) -> None:
        """Resolve a divergence: accept this position, and continue after it."""
        position = (epoch, seq)
        applied = run(lambda: run_on_key(recovery.resume, subscription, topic, key, position, event_id))
        console.print(f"resumed; applied {applied}")


async def _parked(settings: Settings, subscription: str) -> list[Any]:
    connection = await asyncpg.connect(settings.worker_database_url, timeout=5)
    try:
        return await connection.fetch(
            "SELECT * FROM platform.parked WHERE $1 = '' OR subscription = $1 ORDER BY parked_id LIMIT 1000",
            subscription,
        )
    finally:
        await connection.close()


def _add_topic_verbs(
    app: typer.Typer, parts: "Parts", settings: Settings, console: Console, run: Any
) -> None:
    @app.command("rebuild")
    def rebuild_replica(subscription: str) -> None:
        """Rebuild a replica and swap it in. Needs the owner role and Kafka."""
        console.print(f"read {run(lambda: _rebuild(parts, settings, subscription))} records and swapped")

    @app.command("republish")
    def republish_outbox(
        since: Annotated[str, typer.Option(help="an instant such as 2026-05-01T00:00:00Z")] = "",
    ) -> None:
        """Enqueue a job that sends the outbox again, except sealed identities."""
        console.print(f"job {run(lambda: _republish(parts, settings, since))}")

    @app.command()
    def epoch() -> None:
        """Raise the epoch, once after a restore of this service's database from a backup."""
        console.print(f"epoch {run(lambda: _raise_epoch(settings))}")

    @app.command("accept-topic")
    def accept_topic(subscription: str, topic: str) -> None:
        """Read a recreated topic from its beginning. Events applied before are dropped."""
        count = run(lambda: reset_offsets(settings.worker_database_url, subscription, topic))
        console.print(f"reset {count} offsets")


async def _rebuild(parts: "Parts", settings: Settings, name: str) -> int:
    from shared.kafka.brokers import Brokers
    from shared.kafka.source import KafkaSource
    from shared.worker import worker_database

    database, subscription = worker_database(settings), parts.subscription(name)
    group, brokers = f"{settings.service}.{name}.rebuild", Brokers.of(settings)

    def source(stored: Any) -> KafkaSource:
        return KafkaSource(brokers, group, subscription, stored)

    try:
        return await Rebuild(
            settings.owner_database_url, settings.service, database, subscription, source
        ).run()
    finally:
        await database.close()


async def _republish(parts: "Parts", settings: Settings, since: str) -> UUID:
    from shared.worker import worker_database

    database = worker_database(settings)
    try:
        async with database.transaction(Actor.system(parts.service)) as session:
            params = {"since": since or None}
            return await enqueue(session, republish.KIND, params, Actor.system(parts.service))
    finally:
        await database.close()


async def _raise_epoch(settings: Settings) -> int:
    connection = await asyncpg.connect(settings.owner_database_url, timeout=5)
    try:
        return await connection.fetchval(
            "UPDATE platform.epoch SET value = value + 1, raised_at = clock_timestamp() RETURNING value"
        )
    finally:
        await connection.close()


async def reset_offsets(worker_url: str, subscription: str, topic: str) -> int:
    """Reset a subscription's offsets in a topic, and return the number of reset partitions."""
    connection = await asyncpg.connect(worker_url, timeout=5)
    try:
        done = await connection.execute(
            "UPDATE platform.consumer_offset SET next_offset = 0, last_event_id = NULL, stopped = NULL,"
            " generation = generation + 1 WHERE subscription = $1 AND topic = $2",
            subscription,
            topic,
        )
        await connection.execute(
            "DELETE FROM platform.consumer_offset WHERE subscription = $1 AND topic = $2",
            subscription + NOW_SUFFIX,
            topic,
        )
        return int(done.split()[-1])
    finally:
        await connection.close()
