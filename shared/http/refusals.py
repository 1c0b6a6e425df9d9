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
# Their refusals are listed only for a service that has such requests.
APPROVALS = ("shared.approval", "shared.http.approvals")
# Its refusals are listed only for a service that uses them: registry opens no case, so it refuses none.
SHARED = "shared.errors"


def list_refusals(service: str) -> list[dict[str, Any]]:
    """Return title, status, both sentences and remedy of each refusal, by title."""
    own = (f"services.{service}.", "shared.")
    left_out = (NOT_OVER_HTTP,) if _has_approvals(service) else (NOT_OVER_HTTP, *APPROVALS)
    used = _used_by(own, left_out)
    by_name = {
        one.__name__: one
        for one in _subclasses_of(DomainError)
        if one.__module__.startswith(own)
        and not one.__module__.startswith(left_out)
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


def _has_approvals(service: str) -> bool:
    """Return whether the service has requests that another person approves."""
    modules = [module for name, module in sys.modules.items() if name.startswith(f"services.{service}.")]
    values = [value for module in modules for value in vars(module).values()]
    return any(str(getattr(value, "__module__", "")).startswith(APPROVALS) for value in values)


def _used_by(own: tuple[str, ...], left_out: tuple[str, ...]) -> set[type[DomainError]]:
    """Return the refusals that these modules define or import."""
    names = [name for name in sys.modules if name.startswith(own) and not name.startswith(left_out)]
    values = [value for name in names if name != SHARED for value in vars(sys.modules[name]).values()]
    return {value for value in values if isinstance(value, type) and issubclass(value, DomainError)}


def _subclasses_of(root: type[DomainError]) -> Iterator[type[DomainError]]:
    for child in root.__subclasses__():
        yield child
        yield from _subclasses_of(child)
