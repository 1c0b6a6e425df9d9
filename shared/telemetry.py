"""Metrics for Prometheus, and traces if an endpoint is set.

Labels are services, subscriptions, kinds and route templates, never ids or persons.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, AbstractContextManager, nullcontext
from typing import Any, ClassVar, Protocol

import sqlalchemy as sa
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from shared.schema import business_clock, job, parked, scheduled_task, unsent
from shared.server import served
from shared.settings import Settings

# Several scrapers cost as much as one. It is short compared with the usual scrape interval of 15 s.
CACHED_SECONDS = 5.0

registry = CollectorRegistry(auto_describe=True)
SUBSCRIPTION = ("service", "subscription")
FAULTY_BLOCKS = sa.text("SELECT count(*) FROM platform.audit_block WHERE faulty_ids <> '{}'")
BULK_READS = sa.text("SELECT count(*) FROM platform.bulk_read")


def gauge(name: str, text: str, *labels: str) -> Gauge:
    """Return a gauge named pilar_*."""
    return Gauge(f"pilar_{name}", text, labels, registry=registry)


def counter(name: str, text: str, *labels: str) -> Counter:
    """Return a counter named pilar_*_total."""
    return Counter(f"pilar_{name}", text, labels, registry=registry)


# Read from the database when the page is rendered.
database_up = gauge("database_up", "1 when the database answered while this page was made.", "service")
unsent_events = gauge("unsent_events", "Events written and not yet sent.", "service")
unsent_oldest = gauge("unsent_oldest_seconds", "Age of the oldest event not yet sent.", "service")
parked_events = gauge("parked_events", "Parked events, by reason.", *SUBSCRIPTION, "reason")
due_late = gauge("due_late_seconds", "How late the oldest scheduled task on real time is.", "service")
business_due_late = gauge(
    "business_due_late_seconds", "How late the oldest scheduled task on business time is.", "service"
)
job_oldest = gauge("job_oldest_seconds", "Age of the oldest job that has not ended.", "service")
overdue_rows = gauge(
    "overdue_rows", "What waits longer than its deadline.", "service", "subject_kind", "level"
)
audit_faulty_blocks = gauge(
    "audit_faulty_blocks", "Blocks with entries that were changed or added without the key.", "service"
)
bulk_reads = gauge("bulk_reads", "Reported windows in which an account read very many families.", "service")
# Counted by the process that does the work.
sent = counter("sent_events", "Events that the transport has acknowledged.", "service")
lag = gauge(
    "subscription_lag_events", "Events in the topics that a subscription has not read.", *SUBSCRIPTION
)
applied = counter("applied_events", "Events applied by a subscription.", *SUBSCRIPTION)
gaps = counter("gaps", "Events that arrived before their predecessor.", *SUBSCRIPTION)
duplicates = counter("duplicate_events", "Events delivered again and dropped.", *SUBSCRIPTION)
divergences = counter("divergences", "Positions that arrived with a different event.", *SUBSCRIPTION)
stopped = gauge("subscription_stopped", "1 while a subscription waits for an operator.", *SUBSCRIPTION)
job_rows = counter("job_rows", "Rows of long work, by result.", "service", "kind", "result")
refused_tokens = counter("refused_tokens", "Requests whose token was refused.", "service")
audit_denials = counter(
    "audit_denials", "Refused accesses, by noun of the address and status.", "service", "resource", "status"
)
busy_answers = counter(
    "busy_answers",
    "Requests answered 503, by what was not available: deadlock, lock, statement, scope, pool or server.",
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


# Further metrics of a service's own database, by the service's name, read when the page is rendered.
measures: dict[str, list[Callable[[AsyncConnection], Awaitable[None]]]] = {}


class MeasuredDatabase(Protocol):
    """A service's database, as far as the metrics page uses it."""

    service: str

    @property
    def engine(self) -> AsyncEngine:
        """The engine of the database."""
        ...


class Traces(Protocol):
    """What `shared.traces` offers, where traces are sent."""

    def current(self) -> str: ...
    def continue_each(self, name: str, traceparents: Iterable[str]) -> AbstractContextManager[None]: ...
    def shutdown(self) -> None: ...


class Process:
    """The service of this process, and its traces where they are sent."""

    service = ""
    traces: ClassVar[Traces | None] = None


def current_traceparent() -> str:
    """Return the W3C traceparent of the current span, empty where traces are not sent."""
    return Process.traces.current() if Process.traces else ""


def continue_traces(name: str, traceparents: Iterable[str]) -> AbstractContextManager[None]:
    """Do the block within these traces, if traces are sent. Empty texts are skipped."""
    if Process.traces is None:
        return nullcontext()
    return Process.traces.continue_each(name, filter(None, traceparents))


async def flush_traces() -> None:
    """Send the spans that wait, before the process ends."""
    if Process.traces is not None:
        await asyncio.to_thread(Process.traces.shutdown)


def observe_request(method: str, route: str, status: int, seconds: float, service: str = "") -> None:
    """Count one answered request. `route` is the template, never the path with its ids."""
    request_seconds.labels(service or Process.service, method, route, str(status)).observe(seconds)


async def render(database: MeasuredDatabase | None = None) -> tuple[bytes, str]:
    """Return the metrics page and its content type.

    If the database does not answer, the page has `pilar_database_up` 0.
    """
    if database is not None:
        await measure(database)
    # In a thread, because it takes 100 ms with all routes, which would delay requests.
    return await asyncio.to_thread(generate_latest, registry), CONTENT_TYPE_LATEST


async def measure(database: MeasuredDatabase) -> None:
    """Read the metrics that the database has."""
    try:
        async with database.engine.connect() as connection:
            await measure_unsent(connection, database.service)
            await measure_parked(connection, database.service)
            await measure_due(connection, database.service)
            await measure_overdue(connection, database.service)
            await measure_audit(connection, database.service)
            for further in measures.get(database.service, ()):
                await further(connection)
    except (SQLAlchemyError, OSError, TimeoutError):
        database_up.labels(database.service).set(0)
    else:
        database_up.labels(database.service).set(1)


async def measure_unsent(connection: AsyncConnection, service: str) -> None:
    """Set the count and the oldest age of unsent events."""
    age = sa.func.extract("epoch", sa.func.clock_timestamp() - sa.func.min(unsent.c.recorded_at))
    count, oldest = (await connection.execute(sa.select(sa.func.count(), age).select_from(unsent))).one()
    unsent_events.labels(service).set(count)
    unsent_oldest.labels(service).set(max(0, oldest or 0))


async def measure_parked(connection: AsyncConnection, service: str) -> None:
    """Set the count of parked events per subscription and reason."""
    groups = (parked.c.subscription, parked.c.reason)
    rows = await connection.execute(sa.select(*groups, sa.func.count()).group_by(*groups))
    set_all(parked_events, service, {(name, reason): count for name, reason, count in rows})


async def measure_due(connection: AsyncConnection, service: str) -> None:
    """Set how late the oldest tasks are, and the age of the oldest job."""
    offset = sa.select(business_clock.c.offset_seconds).scalar_subquery()
    for metric, clock, ahead in ((due_late, "real", sa.literal(0)), (business_due_late, "business", offset)):
        age = _age_of(sa.func.min(scheduled_task.c.due_at)) + ahead
        late = await connection.scalar(
            sa.select(age).where(scheduled_task.c.clock == clock, scheduled_task.c.done_at.is_(None))
        )
        metric.labels(service).set(max(0, late or 0))
    is_open = job.c.state.in_(("QUEUED", "RUNNING"))
    oldest = await connection.scalar(sa.select(_age_of(sa.func.min(job.c.created_at))).where(is_open))
    job_oldest.labels(service).set(max(0, oldest or 0))


def _age_of(instant: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    return sa.func.extract("epoch", sa.func.clock_timestamp() - instant)


async def measure_overdue(connection: AsyncConnection, service: str) -> None:
    """Set the count of what is overdue per kind and level, as last written."""
    rows = await connection.execute(sa.text("SELECT subject_kind, level, rows FROM platform.count_overdue()"))
    set_all(overdue_rows, service, {(kind, str(level)): count for kind, level, count in rows})


async def measure_audit(connection: AsyncConnection, service: str) -> None:
    """Set the count of faulty blocks and of bulk reads."""
    for metric, statement in ((audit_faulty_blocks, FAULTY_BLOCKS), (bulk_reads, BULK_READS)):
        metric.labels(service).set(await connection.scalar(statement) or 0)


def set_all(metric: Gauge, service: str, values: Mapping[tuple[str, ...], float]) -> None:
    """Set the values of a service, and 0 for labels without a value."""
    labels = metric._labelnames[1:]  # noqa: SLF001  # the library has no public way to list children
    before = {
        tuple(sample.labels[name] for name in labels)
        for sample in next(iter(metric.collect())).samples
        if sample.labels["service"] == service
    }
    for label_values in before | set(values):
        metric.labels(service, *label_values).set(values.get(label_values, 0))


class Page:
    """The application of the metrics port: one page, rendered at most once in CACHED_SECONDS."""

    def __init__(self, database: MeasuredDatabase | None = None) -> None:
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
    port: int, host: str = "127.0.0.1", database: MeasuredDatabase | None = None
) -> AbstractAsyncContextManager[int]:
    """Serve /metrics of this process on a port of its own.

    Raises:
        OSError: the port is taken.
    """
    return served(Page(database), host, port)


def instrument(app: Any, settings: Settings) -> None:
    """Set the process's service, and send its traces to `traces_endpoint` (OTLP over HTTP).

    `app` is the API, None in a worker.

    Raises:
        ImportError: an endpoint is set, but the image has no tracing packages.
    """
    Process.service = settings.service
    if not settings.traces_endpoint:
        return
    try:
        from shared import traces  # An optional dependency.
    except ImportError as error:
        msg = "traces_endpoint is set, but the OpenTelemetry packages are not installed in this image"
        raise ImportError(msg) from error
    Process.traces = traces.instrument(app, settings)
