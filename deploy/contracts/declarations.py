"""Reading the promises out of the code: event classes, who hears them, and each service's application."""

import importlib
import inspect
from typing import Any

from deploy.services import SERVICES, subscriptions_of
from shared import contracts
from shared.events import BY_WIRE, Event
from shared.messaging import Subscription
from shared.settings import Settings


def events() -> dict[str, type[Event]]:
    """Return every event class by its wire name, publisher by publisher in the order of its module."""
    declared = {
        wire: kind for wire, kind in BY_WIRE.items() if kind.__module__.startswith(f"{contracts.__name__}.")
    }
    return dict(sorted(declared.items(), key=lambda item: SERVICES.index(publisher_of(item[0]))))


def publisher_of(wire: str) -> str:
    """Return the service that tells an event."""
    return wire.partition(".")[0]


def sentence_of(kind: type[Event]) -> str:
    """Return what is true when this event has happened, on one line."""
    return " ".join((inspect.getdoc(kind) or "").split())


def subscriptions() -> dict[str, list[Subscription]]:
    """Return each service's named subscriptions; a service that listens to nobody has none."""
    return {service: subscriptions_of(service) for service in SERVICES}


def readers() -> dict[str, list[str]]:
    """Return by wire name the subscriptions that do something with it, as "caseload.pendamping"."""
    found: dict[str, list[str]] = {}
    for service, named in subscriptions().items():
        for subscription in named:
            for wire in subscription.handlers:
                found.setdefault(wire, []).append(f"{service}.{subscription.name}")
    return found


def openapi_of(service: str) -> dict[str, Any]:
    """Return a service's published OpenAPI document, with the business clock that development adds."""
    app = importlib.import_module(f"services.{service}.app").build(
        Settings.load_for(service, mode="development")
    )
    return app.openapi()
