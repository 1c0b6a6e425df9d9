"""The refusals of a service by name, published for the authors of clients."""

import re
import sys
from collections.abc import Iterator
from functools import cache
from typing import Any

import orjson

from shared import clock, files, jobs, privacy, wilayah
from shared.errors import DomainError
from shared.http.texts import read_texts
from shared.refusal import names_of_params
from shared.remedies import CORRECT_REQUEST, RemedyKind

FORMATS = {
    "date": re.compile(r"\d{4}-\d\d-\d\d"),
    "date-time": re.compile(r"\d{4}-\d\d-\d\dT.*"),
    "uuid": re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
}
# Imported for the refusals that they define. Otherwise the list would depend on what the process has loaded.
MODULES_WITH_REFUSALS = (clock, files, jobs, privacy, wilayah)
NOT_OVER_HTTP = ("shared.messaging.rebuild", "shared.messaging.recovery")
# Their refusals are listed only for a service that has such requests.
APPROVALS = ("shared.approval", "shared.http.approvals")
# Its refusals are listed only for a service that uses them: registry opens no case, so it refuses none.
SHARED = "shared.errors"


def list_refusals(service: str) -> list[dict[str, Any]]:
    """Return title, status, both sentences, values and remedy of each refusal, by title."""
    own = (f"services.{service}.", "shared.")
    left_out = NOT_OVER_HTTP if _has_approvals(service) else (*NOT_OVER_HTTP, *APPROVALS)
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
            "params": describe_params(one),
            "remedy": one.remedy.to_json(service),
        }
        for name, one in sorted(by_name.items())
    ]


def describe_params(refusal: type[DomainError]) -> dict[str, Any]:
    """Return the schema of the values of a refusal.

    Those that not every answer has are not required.
    """
    names, more = names_of_params(refusal), refusal.more_params
    properties = {name: _describe_param(f"{refusal.__name__}.{name}", name) for name in names}
    return {
        "type": "object",
        "properties": properties,
        "required": [name for name in names if name not in more],
    }


def _describe_param(*keys: str) -> dict[str, Any]:
    """Return the schema of a value by its line in `params.txt`.

    Raises:
        KeyError: There is no line.
    """
    texts = read_texts("params")
    example, _, description = next(texts[key] for key in keys if key in texts or key == keys[-1]).partition(
        " | "
    )
    return {
        **_schema_like(orjson.loads(example)),
        "description": description,
        "examples": [orjson.loads(example)],
    }


def _schema_like(example: Any) -> dict[str, Any]:
    if isinstance(example, list):
        return {"type": "array", "items": _schema_like(example[0])}
    if isinstance(example, dict):
        return {"$ref": "#/components/schemas/Sentences"}
    if isinstance(example, int):
        return {"type": "integer"}
    forms = [form for form, pattern in FORMATS.items() if pattern.fullmatch(example)]
    return {"type": "string", **({"format": forms[0]} if forms else {})}


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
