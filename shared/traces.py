"""Traces over OTLP, for images with the OpenTelemetry packages.

Only `shared.telemetry.instrument` imports this. asyncpg is instrumented directly, because SQLAlchemy's
instrumentation does not support 2.1. Events carry their trace themselves, so that it passes the outbox.
"""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.asyncpg import AsyncPGInstrumentor
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON, ParentBased, Sampler, SamplingResult
from opentelemetry.trace import Status
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from shared.settings import Settings

TRACEPARENT = "traceparent"
PROPAGATOR = TraceContextTextMapPropagator()
ADDRESSES = ("http.url", "http.target", "url.full", "url.path", "url.query")
"""Attributes that may have a number or a name which somebody put into an address."""


class WithoutContent(BatchSpanProcessor):
    """Sends spans without addresses and messages of errors, as logs have them neither.

    `http.route` and the class of an error stay. A message of PostgreSQL quotes the failing row.
    """

    def on_end(self, span: ReadableSpan) -> None:
        """Queue a copy of the span."""
        attributes = {name: value for name, value in (span.attributes or {}).items() if name not in ADDRESSES}
        plain = ReadableSpan(
            name=span.name,
            context=span.context,
            parent=span.parent,
            resource=span.resource,
            attributes=attributes,
            links=span.links,
            kind=span.kind,
            instrumentation_scope=span.instrumentation_scope,
            status=Status(span.status.status_code),
            start_time=span.start_time,
            end_time=span.end_time,
        )
        super().on_end(plain)


class CausedOnly(Sampler):
    """Begins no trace with a statement.

    Relays and jobs ask the database several times a second.
    """

    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: trace.SpanKind | None = None,
        *more: Any,
        **named: Any,
    ) -> SamplingResult:
        """Sample everything but statements."""
        sampler = ALWAYS_OFF if kind == trace.SpanKind.CLIENT else ALWAYS_ON
        return sampler.should_sample(parent_context, trace_id, name, kind, *more, **named)

    def get_description(self) -> str:
        """Return the sampler's name."""
        return type(self).__name__


@dataclass(frozen=True, slots=True)
class Traces:
    """The traces of one process."""

    provider: TracerProvider

    def current(self) -> str:
        """Return the W3C traceparent of the current span, or an empty text."""
        carrier: dict[str, str] = {}
        PROPAGATOR.inject(carrier)
        return carrier.get(TRACEPARENT, "")

    @contextmanager
    def continue_each(self, name: str, traceparents: Iterable[str]) -> Iterator[None]:
        """Open a span in each of the traces, and make the first one current.

        Statements are spans of the first. The others link to it.
        """
        tracer, first = self.provider.get_tracer("pilar"), None
        with ExitStack() as stack:
            for traceparent in dict.fromkeys(traceparents):
                parent = PROPAGATOR.extract({TRACEPARENT: traceparent})
                options: dict[str, Any] = {"context": parent, "kind": trace.SpanKind.CONSUMER}
                if first is None:
                    first = stack.enter_context(tracer.start_as_current_span(name, **options))
                else:
                    span = tracer.start_span(name, links=[trace.Link(first.get_span_context())], **options)
                    stack.enter_context(trace.use_span(span, end_on_exit=True))
            if first is not None:
                stack.enter_context(trace.use_span(first))
            yield

    def shutdown(self) -> None:
        """Send what is not sent yet."""
        self.provider.shutdown()


def instrument(app: Any, settings: Settings) -> Traces:
    """Send spans of requests, statements and applied events to `traces_endpoint`.

    A worker has no `app`. Statements are sent without their parameters, requests without their address.
    """
    resource = Resource({"service.name": f"pilar-{settings.service}"})
    provider = TracerProvider(resource=resource, sampler=ParentBased(CausedOnly()))
    provider.add_span_processor(WithoutContent(OTLPSpanExporter(endpoint=settings.traces_endpoint)))
    if app is not None:
        FastAPIInstrumentor.instrument_app(
            app,
            tracer_provider=provider,
            excluded_urls="livez,readyz,metrics,docs",
            exclude_spans=["receive", "send"],
        )
    AsyncPGInstrumentor(capture_parameters=False).instrument(tracer_provider=provider)
    return Traces(provider)
