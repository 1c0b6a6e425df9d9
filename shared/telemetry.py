"""What a service tells about itself: numbers for Prometheus, and traces where an address for them is set.

Labels are services, subscriptions, kinds and route templates: never an id, and never a person.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

import sqlalchemy as sa
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from shared.schema import parked, scheduled_task, unsent
from shared.server import served
from shared.settings import Settings

# Long enough that several scrapers cost as much as one, short beside the usual scrape interval of 15 s.
CACHED_SECONDS = 5.0

registry = CollectorRegistry(auto_describe=True)
SUBSCRIPTION = ("service", "subscription")


def gauge(name: str, text: str, *labels: str) -> Gauge:
    """Return a gauge named pilar_*."""
    return Gauge(f"pilar_{name}", text, labels, registry=registry)


def counter(name: str, text: str, *labels: str) -> Counter:
    """Return a counter named pilar_*_total."""
    return Counter(f"pilar_{name}", text, labels, registry=registry)


# Known to the database, asked when somebody reads the page.
database_up = gauge("database_up", "1 when the database answered while this page was made.", "service")
unsent_events = gauge("unsent_events", "Events written and not yet sent.", "service")
unsent_oldest = gauge("unsent_oldest_seconds", "Age of the oldest event not yet sent.", "service")
parked_events = gauge("parked_events", "Events that wait, by the reason they do.", *SUBSCRIPTION, "reason")
due_late = gauge("due_late_seconds", "How late the oldest due work on real time is.", "service")
# Known to the process that does the work.
sent = counter("sent_events", "Events that the transport has acknowledged.", "service")
lag = gauge(
    "subscription_lag_events", "Events in the topics that a subscription has not read.", *SUBSCRIPTION
)
applied = counter("applied_events", "Events applied by a subscription.", *SUBSCRIPTION)
gaps = counter("gaps", "Times that an event came before the one that it follows.", *SUBSCRIPTION)
duplicates = counter("duplicate_events", "Events delivered again and dropped.", *SUBSCRIPTION)
divergences = counter("divergences", "Positions that came with another event than before.", *SUBSCRIPTION)
stopped = gauge("subscription_stopped", "1 while a subscription waits for an operator.", *SUBSCRIPTION)
job_rows = counter("job_rows", "Rows of long work, by result.", "service", "kind", "result")
refused_tokens = counter("refused_tokens", "Requests whose token was refused.", "service")
busy_answers = counter(
    "busy_answers",
    "Requests answered 503, by what was waited for in vain: deadlock, lock, statement, scope, pool or server.",
    "service",
    "wait",
)
request_seconds = Histogram(
    "pilar_request_seconds",
    "Time from request to answer.",
    ("service", "method", "route", "status"),
    registry=registry,
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)


# What a service's own database knows besides, by the service's name; asked when somebody reads the page.
measures: dict[str, list[Callable[[AsyncConnection], Awaitable[None]]]] = {}


class Known(Protocol):
    """A service's database, as far as this page needs it."""

    service: str

    @property
    def engine(self) -> AsyncEngine:
        """The engine of the database."""
        ...


class Process:
    """Whose numbers they are when a process serves one service and a call does not say."""

    service = ""


def observe_request(method: str, route: str, status: int, seconds: float, service: str = "") -> None:
    """Count one answered request; `route` is the template, never the path with its ids."""
    request_seconds.labels(service or Process.service, method, route, str(status)).observe(seconds)


async def render(database: Known | None = None) -> tuple[bytes, str]:
    """Return the page for /metrics and its content type, with the depths that the database knows.

    When the database does not answer the page still comes, with `pilar_database_up` at 0.
    """
    if database is not None:
        await measure(database)
    # In a thread: with all routes counted it takes 100 ms, and the loop has requests to answer.
    return await asyncio.to_thread(generate_latest, registry), CONTENT_TYPE_LATEST


async def measure(database: Known) -> None:
    """Ask the database how much waits."""
    try:
        async with database.engine.connect() as connection:
            await measure_unsent(connection, database.service)
            await measure_parked(connection, database.service)
            await measure_due(connection, database.service)
            for further in measures.get(database.service, ()):
                await further(connection)
    except (SQLAlchemyError, OSError, TimeoutError):
        database_up.labels(database.service).set(0)
    else:
        database_up.labels(database.service).set(1)


async def measure_unsent(connection: AsyncConnection, service: str) -> None:
    """Set depth and oldest age of what the relay has to send."""
    age = sa.func.extract("epoch", sa.func.clock_timestamp() - sa.func.min(unsent.c.recorded_at))
    count, oldest = (await connection.execute(sa.select(sa.func.count(), age).select_from(unsent))).one()
    unsent_events.labels(service).set(count)
    unsent_oldest.labels(service).set(max(0, oldest or 0))


async def measure_parked(connection: AsyncConnection, service: str) -> None:
    """Set how many events wait, per subscription and reason; what waits no longer goes to 0."""
    groups = (parked.c.subscription, parked.c.reason)
    rows = await connection.execute(sa.select(*groups, sa.func.count()).group_by(*groups))
    set_all(parked_events, service, {(name, reason): count for name, reason, count in rows})


async def measure_due(connection: AsyncConnection, service: str) -> None:
    """Set how late the oldest open due work of real time is."""
    age = sa.func.extract("epoch", sa.func.clock_timestamp() - sa.func.min(scheduled_task.c.due_at))
    late = await connection.scalar(
        sa.select(age).where(scheduled_task.c.clock == "real", scheduled_task.c.done_at.is_(None))
    )
    due_late.labels(service).set(max(0, late or 0))


def set_all(metric: Gauge, service: str, values: Mapping[tuple[str, ...], float]) -> None:
    """Set these values of a service, and 0 what it had before and has no more."""
    labels = metric._labelnames[1:]  # noqa: SLF001  # the library has no public way to list children
    before = {
        tuple(sample.labels[name] for name in labels)
        for sample in next(iter(metric.collect())).samples
        if sample.labels["service"] == service
    }
    for rest in before | set(values):
        metric.labels(service, *rest).set(values.get(rest, 0))


class Page:
    """The application of the metrics port: one page, rendered at most once in CACHED_SECONDS."""

    def __init__(self, database: Known | None = None) -> None:
        self._database = database
        self._lock = asyncio.Lock()
        self._content, self._media_type = b"", ""
        self._until = float("-inf")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        response = Response(status_code=404)
        if scope["path"] == "/metrics":
            response = await self._response() if scope["method"] == "GET" else Response(status_code=405)
        await response(scope, receive, send)

    async def _response(self) -> Response:
        loop = asyncio.get_running_loop()
        async with self._lock:
            if loop.time() >= self._until:
                self._content, self._media_type = await render(self._database)
                self._until = loop.time() + CACHED_SECONDS
        return Response(self._content, media_type=self._media_type)


def serve(
    port: int, host: str = "127.0.0.1", database: Known | None = None
) -> AbstractAsyncContextManager[int]:
    """Serve /metrics of this process on a port of its own; OSError when the port is taken."""
    return served(Page(database), host, port)


def instrument(app: Any, settings: Settings) -> None:
    """Name the process by its service, and send traces of `app` where `traces_endpoint` says (OTLP over HTTP).

    Raises:
        ImportError: an address is set, and the image was built without the tracing packages.
    """
    Process.service = settings.service
    if not settings.traces_endpoint:
        return
    try:
        from shared import traces  # an optional dependency, imported where it is asked for
    except ImportError as error:
        msg = "traces_endpoint is set, but the OpenTelemetry packages are not installed in this image"
        raise ImportError(msg) from error
    traces.instrument(app, settings)
