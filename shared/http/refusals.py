"""The refusals of a service by name, published for the authors of clients."""

import sys
from collections.abc import Iterator
from functools import cache
from typing import Any

from shared import clock, files, jobs, privacy, wilayah
from shared.errors import DomainError
from shared.remedies import CORRECT_REQUEST, RemedyKind

# Imported for the refusals that they define. Otherwise the list would depend on what the process has loaded.
MODULES_WITH_REFUSALS = (clock, files, jobs, privacy, wilayah)
NOT_OVER_HTTP = "shared.messaging."
# Its refusals are listed only for a service that uses them: registry opens no case, so it refuses none.
SHARED = "shared.errors"


def list_refusals(service: str) -> list[dict[str, Any]]:
    """Return title, status, both sentences and remedy of each refusal, by title."""
    own = (f"services.{service}.", "shared.")
    used = _used_by(own)
    by_name = {
        one.__name__: one
        for one in _subclasses_of(DomainError)
        if one.__module__.startswith(own)
        and not one.__module__.startswith(NOT_OVER_HTTP)
        and (one.__module__ != SHARED or one in used)
    }
    return [
        {
            "title": name,
            "status": one.status,
            "en": one.en,
            "id": one.id,
            "remedy": one.remedy.to_json(service),
        }
        for name, one in sorted(by_name.items())
    ]


@cache
def read_remedy(service: str, code: str) -> dict[str, Any] | None:
    """Return the remedy of a row that a job refused.

    By default the file is corrected and sent again. It is None where it depends on the state.
    """
    remedies = {one["title"]: one["remedy"] for one in list_refusals(service)}
    remedy = remedies.get(code, CORRECT_REQUEST.to_json(service))
    return None if remedy["kind"] == RemedyKind.BY_STATE else remedy


def _used_by(own: tuple[str, ...]) -> set[type[DomainError]]:
    """Return the refusals that these modules define or import."""
    modules = [module for name, module in sys.modules.items() if name.startswith(own) and name != SHARED]
    values = [value for module in modules for value in vars(module).values()]
    return {value for value in values if isinstance(value, type) and issubclass(value, DomainError)}


def _subclasses_of(root: type[DomainError]) -> Iterator[type[DomainError]]:
    for child in root.__subclasses__():
        yield child
        yield from _subclasses_of(child)
