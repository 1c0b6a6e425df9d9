"""The four services by name, and the parts of their workers."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the launcher must start without loading these
    from shared.messaging import Subscription
    from shared.worker import Parts

SERVICES = ("registry", "caseload", "graduation", "referral")


def parts_of(service: str) -> Parts:
    """Return the declared parts of a service's worker."""
    # Imported by name: deploy reads every service, but only the launcher depends on one.
    return importlib.import_module(f"services.{service}.worker").PARTS


def subscriptions_of(service: str) -> list[Subscription]:
    """Return the subscriptions of a service."""
    return list(parts_of(service).subscriptions)
