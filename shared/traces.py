"""Traces over OTLP, for images with the OpenTelemetry packages.

Only `shared.telemetry.instrument` imports this. asyncpg and aiokafka are instrumented directly, because
SQLAlchemy's instrumentation does not support 2.1 and asyncio's leaks.
"""

from typing import Any

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.aiokafka import AIOKafkaInstrumentor
from opentelemetry.instrumentation.asyncpg import AsyncPGInstrumentor
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Status

from shared.settings import Settings

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


def instrument(app: Any, settings: Settings) -> TracerProvider:
    """Send spans of requests, statements and Kafka records to `traces_endpoint`.

    Statements are sent without their parameters, requests without their address.
    """
    provider = TracerProvider(resource=Resource({"service.name": f"pilar-{settings.service}"}))
    provider.add_span_processor(WithoutContent(OTLPSpanExporter(endpoint=settings.traces_endpoint)))
    FastAPIInstrumentor.instrument_app(
        app, tracer_provider=provider, excluded_urls="livez,readyz,metrics,docs"
    )
    AsyncPGInstrumentor(capture_parameters=False).instrument(tracer_provider=provider)
    AIOKafkaInstrumentor().instrument(tracer_provider=provider)
    return provider
