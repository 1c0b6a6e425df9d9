"""Event classes, subscriptions and applications, read from the code."""

import importlib
import inspect
from collections.abc import Sequence
from typing import Any

from deploy.services import SERVICES, subscriptions_of
from shared import contracts
from shared.events import BY_WIRE, Event
from shared.messaging import Subscription
from shared.settings import Settings

USED_BY = "Used by: "


def events() -> dict[str, type[Event]]:
    """Return every event class by wire name, ordered by publisher."""
    declared = {
        wire: kind for wire, kind in BY_WIRE.items() if kind.__module__.startswith(f"{contracts.__name__}.")
    }
    return dict(sorted(declared.items(), key=lambda item: SERVICES.index(publisher_of(item[0]))))


def publisher_of(wire: str) -> str:
    """Return the service that publishes an event."""
    return wire.partition(".")[0]


def sentence_of(kind: type[Event]) -> str:
    """Return the docstring of an event class on one line, without its `Used by` line."""
    lines = (inspect.getdoc(kind) or "").splitlines()
    return " ".join(line.strip() for line in lines if line.strip() and not line.startswith(USED_BY))


def subscriptions() -> dict[str, list[Subscription]]:
    """Return the named subscriptions of each service."""
    return {service: subscriptions_of(service) for service in SERVICES}


def readers() -> dict[str, list[str]]:
    """Return the subscriptions that handle an event, by wire name, as "caseload.pendamping"."""
    by_wire: dict[str, list[str]] = {}
    for service, named in subscriptions().items():
        for subscription in named:
            for wire in subscription.handlers:
                by_wire.setdefault(wire, []).append(f"{service}.{subscription.name}")
    return by_wire


def used_by_line(names: Sequence[str]) -> str:
    """Return the docstring line that names the subscriptions of an event."""
    return USED_BY + (", ".join(names) or "nothing yet")


def openapi_of(service: str) -> dict[str, Any]:
    """Return a service's OpenAPI document, with the clock routes that production leaves out."""
    app = importlib.import_module(f"services.{service}.app").build(
        Settings.load_for(service, mode="development")
    )
    return app.openapi()
