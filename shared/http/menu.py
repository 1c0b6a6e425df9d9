"""The refusals by name that a service may answer with, published so that a client can be written against them."""

import sys
from collections.abc import Iterator
from typing import Any

from shared import clock, files, jobs, privacy, wilayah
from shared.errors import DomainError

# Imported for the refusals that they define: without, the menu would depend on what else the process has loaded.
SAID_BY = (clock, files, jobs, privacy, wilayah)
NOT_OVER_HTTP = "shared.messaging."
# What it defines is listed only where it is used: registry opens no case, so it refuses none.
SHARED = "shared.errors"


def menu(service: str) -> list[dict[str, Any]]:
    """Return title, status and both sentences of each, by title; in braces stands what an answer fills in."""
    own = (f"services.{service}.", "shared.")
    used = _used_by(own)
    found = {
        one.__name__: one
        for one in _below(DomainError)
        if one.__module__.startswith(own)
        and not one.__module__.startswith(NOT_OVER_HTTP)
        and (one.__module__ != SHARED or one in used)
    }
    return [
        {"title": name, "status": one.status, "en": one.en, "id": one.id}
        for name, one in sorted(found.items())
    ]


def _used_by(own: tuple[str, ...]) -> set[type[DomainError]]:
    """Return the refusals that these modules define or import."""
    modules = [module for name, module in sys.modules.items() if name.startswith(own) and name != SHARED]
    values = [value for module in modules for value in vars(module).values()]
    return {value for value in values if isinstance(value, type) and issubclass(value, DomainError)}


def _below(root: type[DomainError]) -> Iterator[type[DomainError]]:
    for child in root.__subclasses__():
        yield child
        yield from _below(child)
