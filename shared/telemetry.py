"""What a service tells about itself: numbers for Prometheus, and traces where an address for them is set.

Labels are services, subscriptions, kinds and route templates: never an id, and never a person.
"""

from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, start_http_server
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from shared.settings import Settings

registry = CollectorRegistry(auto_describe=True)
SUBSCRIPTION = ("service", "subscription")


def gauge(name: str, text: str, labels: tuple[str, ...]) -> Gauge:
    """Return a gauge named pilar_*."""
    return Gauge(f"pilar_{name}", text, labels, registry=registry)


def counter(name: str, text: str, labels: tuple[str, ...]) -> Counter:
    """Return a counter named pilar_*_total."""
    return Counter(f"pilar_{name}", text, labels, registry=registry)


unsent = gauge("unsent_events", "Events written and not yet sent.", ("service",))
unsent_oldest = gauge("unsent_oldest_seconds", "Age of the oldest event not yet sent.", ("service",))
sent = counter("sent_events", "Events that the transport has acknowledged.", ("service",))
lag = gauge("subscription_lag_events", "Events in the topics that a subscription has not read.", SUBSCRIPTION)
applied = counter("applied_events", "Events applied by a subscription.", SUBSCRIPTION)
parked = gauge("parked_events", "Events that wait for an operator or behind one that does.", SUBSCRIPTION)
gaps = gauge("gap_keys", "Keys that wait for an event that has not come.", SUBSCRIPTION)
duplicates = counter("duplicate_events", "Events delivered again and dropped.", SUBSCRIPTION)
divergences = counter(
    "divergences", "Positions that came with another event than the one applied.", SUBSCRIPTION
)
stopped = gauge(
    "subscription_stopped", "1 while a subscription stands still until an operator acts.", SUBSCRIPTION
)
job_rows = counter("job_rows", "Rows of long work, by result.", ("service", "kind", "result"))
due_late = gauge("due_late_seconds", "How late the oldest due work is.", ("service", "clock"))
refused_tokens = counter("refused_tokens", "Requests whose token was refused.", ("service",))
request_seconds = Histogram(
    "pilar_request_seconds",
    "Time from request to answer.",
    ("service", "method", "route", "status"),
    registry=registry,
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)


def render() -> tuple[bytes, str]:
    """Return the page for /metrics and its content type."""
    return generate_latest(registry), CONTENT_TYPE_LATEST


def serve(port: int, host: str = "127.0.0.1") -> None:
    """Serve the same page from a process that has no HTTP of its own, such as a worker."""
    start_http_server(port, addr=host, registry=registry)


def trace(app: Any, settings: Settings) -> bool:
    """Send traces of `app` to the address in `traces_endpoint` (OTLP over HTTP); without one do nothing.

    Raises ImportError with a sentence when the image was built without the tracing packages.
    """
    if not settings.traces_endpoint:
        return False
    try:
        from shared import traces  # an optional dependency, imported where it is asked for
    except ImportError as error:
        msg = "traces_endpoint is set, but the OpenTelemetry packages are not installed in this image"
        raise ImportError(msg) from error
    traces.instrument(app, settings)
    return True
