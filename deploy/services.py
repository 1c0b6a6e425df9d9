"""Names of the four services, and the parts of their workers."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # loading these would slow the launcher's start
    from shared.messaging import Subscription
    from shared.worker import Parts

SERVICES = ("registry", "caseload", "graduation", "referral")


def parts_of(service: str) -> Parts:
    """Return the declared parts of a service's worker."""
    # By name, because only deploy.local may import services.
    return importlib.import_module(f"services.{service}.worker").PARTS


def subscriptions_of(service: str) -> list[Subscription]:
    """Return the subscriptions of a service."""
    return list(parts_of(service).subscriptions)
