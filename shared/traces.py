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
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from shared.settings import Settings


def instrument(app: Any, settings: Settings) -> TracerProvider:
    """Send spans of requests, statements and Kafka records to `traces_endpoint`.

    Statements are sent without their parameters.
    """
    provider = TracerProvider(resource=Resource({"service.name": f"pilar-{settings.service}"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=settings.traces_endpoint)))
    FastAPIInstrumentor.instrument_app(
        app, tracer_provider=provider, excluded_urls="livez,readyz,metrics,docs"
    )
    AsyncPGInstrumentor(capture_parameters=False).instrument(tracer_provider=provider)
    AIOKafkaInstrumentor().instrument(tracer_provider=provider)
    return provider
