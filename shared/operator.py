"""An operator's verbs: `python -m services.<name>.worker parked|retry|skip|resume|rebuild|republish|epoch|accept-topic`."""

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
from shared.messaging import draining, republish
from shared.messaging.cursors import NOW
from shared.messaging.rebuild import Rebuild
from shared.settings import Settings

if TYPE_CHECKING:
    from shared.worker import Parts

SHOWN = (
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
    """Run one verb and end the process: 0 when done, 1 with a sentence when refused."""
    app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
    console = Console()

    def run(act: Callable[[], Awaitable[Any]]) -> Any:
        try:
            return asyncio.run(_call(act))
        except (DomainError, LookupError) as error:
            console.print(f"[red]{error}[/red]")
            raise typer.Exit(1) from None

    _parked_verbs(app, parts, settings, console, run)
    _topic_verbs(app, parts, settings, console, run)
    app(list(arguments), prog_name=f"services.{parts.service}.worker")


async def _call(act: Callable[[], Awaitable[Any]]) -> Any:
    return await act()


def _parked_verbs(app: typer.Typer, parts: "Parts", settings: Settings, console: Console, run: Any) -> None:
    from shared.worker import worker_database

    async def drained(verb: Any, name: str, topic: str, key: str, *more: Any) -> int:
        database = worker_database(settings)
        try:
            return await verb(database, parts.subscription(name), topic, key, *more)
        finally:
            await database.close()

    @app.command()
    def parked(subscription: Annotated[str, typer.Argument()] = "") -> None:
        """Show what waits: of one subscription, or of all."""
        rows = run(lambda: _parked(settings, subscription))
        table = Table(*SHOWN, title=f"{parts.service}: {len(rows)} parked")
        for row in rows:
            table.add_row(*(str(row[name]) for name in SHOWN))
        console.print(table)

    @app.command()
    def retry(subscription: str, topic: str, key: str) -> None:
        """Apply what is parked of a key, in order, until one fails again."""
        console.print(f"applied {run(lambda: drained(draining.retry, subscription, topic, key))}")

    @app.command()
    def skip(subscription: str, topic: str, key: str) -> None:
        """Pass over the first parked event of a key for good, and apply the rest in order."""
        console.print(f"applied {run(lambda: drained(draining.skip, subscription, topic, key))} behind it")

    @app.command()
    def resume(subscription: str, topic: str, key: str, epoch: int, seq: int, event_id: UUID) -> None:
        """After a divergence: trust this position, and go on behind it."""
        position = (epoch, seq)
        applied = run(lambda: drained(draining.resume, subscription, topic, key, position, event_id))
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


def _topic_verbs(app: typer.Typer, parts: "Parts", settings: Settings, console: Console, run: Any) -> None:
    @app.command("rebuild")
    def rebuild_replica(subscription: str) -> None:
        """Fill a replica anew beside the live one and swap (needs the owner role's address; Kafka)."""
        console.print(f"read {run(lambda: _rebuild(parts, settings, subscription))} records and swapped")

    @app.command("republish")
    def send_again(
        since: Annotated[str, typer.Option(help="an instant such as 2026-05-01T00:00:00Z")] = "",
    ) -> None:
        """Ask the jobs to send the outbox again (all but sealed identities)."""
        console.print(f"job {run(lambda: _republish(parts, settings, since))}")

    @app.command()
    def epoch() -> None:
        """Raise the epoch, once after a restore of this service's database from a backup."""
        console.print(f"epoch {run(lambda: _raise_epoch(settings))}")

    @app.command("accept-topic")
    def accept_topic(subscription: str, topic: str) -> None:
        """Read a recreated topic from its beginning; cursors drop what was applied before."""
        count = run(lambda: forget_topic(settings.worker_database_url, subscription, topic))
        console.print(f"forgot {count} offsets")


async def _rebuild(parts: "Parts", settings: Settings, name: str) -> int:
    from shared.kafka.source import KafkaSource
    from shared.worker import worker_database

    database, subscription = worker_database(settings), parts.subscription(name)
    group = f"{settings.service}.{name}.rebuild"

    def source(stored: Any) -> KafkaSource:
        return KafkaSource(settings.kafka_bootstrap, group, subscription, stored)

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


async def forget_topic(worker_url: str, subscription: str, topic: str) -> int:
    """Forget where a subscription stands in a topic, and so accept the topic that is there now."""
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
            subscription + NOW,
            topic,
        )
        return int(done.split()[-1])
    finally:
        await connection.close()
