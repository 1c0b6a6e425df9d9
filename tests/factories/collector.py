"""A collector of traces: OTLP over HTTP, in this process."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


class CollectedSpan(NamedTuple):
    """A span as it arrived. `parent` is empty for the first of a trace."""

    service: str
    trace: str
    span: str
    parent: str
    name: str
    statement: str


@dataclass
class Collected:
    """The spans that arrived at `endpoint`, and all that was sent."""

    endpoint: str
    content: bytes = b""
    spans: list[CollectedSpan] = field(default_factory=list)

    def take(self, body: bytes) -> None:
        self.content += body
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            texts = {one.key: one.value.string_value for one in resource.resource.attributes}
            for span in (span for scope in resource.scope_spans for span in scope.spans):
                attributes = {one.key: one.value.string_value for one in span.attributes}
                statement = attributes.get("db.statement", attributes.get("db.query.text", ""))
                ids = (span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex())
                self.spans.append(CollectedSpan(texts["service.name"], *ids, span.name, statement))


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.collected.take(body)  # type: ignore[attr-defined]
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@contextmanager
def collect_spans() -> Iterator[Collected]:
    """Run a collector on a free port of loopback."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        collected = Collected(f"http://127.0.0.1:{server.server_port}/v1/traces")
        server.collected = collected  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield collected
        finally:
            server.shutdown()
            thread.join()
