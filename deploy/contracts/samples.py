"""One golden sample per event version, written once and never changed."""

from datetime import UTC, date, datetime
from enum import StrEnum
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin
from uuid import UUID, uuid5

from pydantic import BaseModel

from deploy.contracts.declarations import publisher_of
from shared.events import Event

NAMES = UUID("0198a0de-0000-7000-8000-000000000000")
TEXTS = {
    "kode_wilayah": "33.24.09.2011",
    "pendamping_no": "PD-7K3M9QXT4",
    "snapshot": "2026-Q1",
    "sk_no": "12/SK/2026",
    "effective_tahap": "2026-3",
    "last_payable_tahap": "2026-2",
    "certificate_no": "GR-2026-H427AB949S-2",
    "benefit_kind": "MODAL",
    "tahap": "2026-3",
    "service": "registry",
}
HEXADECIMAL = ("sha256", "_hash", "_root", "signature", "public_key")
INTEGERS = {"year": 2026, "amount_rp": 5_000_000, "omzet_rp": 9_000_000}
INTEGERS |= {"pengurus_birth_year": 1987, "owner_birth_year": 1987}


def sample_of(kind: type[Event]) -> dict[str, Any]:
    """Return an event's envelope with a value in every field, the same in every call."""
    data = kind.model_validate(values_of(kind)).model_dump(mode="json")
    return {
        "specversion": "1.0",
        "id": str(uuid5(NAMES, kind.wire)),
        "source": f"urn:pilar:{publisher_of(kind.wire)}",
        "type": kind.wire,
        "subject": data[kind.key_field],
        "time": "2026-05-18T03:00:00Z",
        "datacontenttype": "application/json",
        "dataschema": f"urn:pilar:schema:{kind.wire}",
        "epoch": 1,
        "seq": 1,
        "actor": "kemensos-1",
        "correlationid": str(uuid5(NAMES, "request")),
        "data": data,
    }


def values_of(kind: type[BaseModel]) -> dict[str, Any]:
    """Return a value for every field of a model."""
    return {name: value_of(name, field.annotation) for name, field in kind.model_fields.items()}


def value_of(name: str, annotation: Any) -> Any:
    """Return an example of a type. Texts and ids depend on the field's name."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin in {Union, UnionType}:
        return value_of(name, next(choice for choice in inner if choice is not NoneType))
    if origin is list:
        return [value_of(name, inner[0])]
    if origin is dict:
        return {value_of(name, inner[0]): value_of(name, inner[1])}
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return values_of(annotation)
    return scalar_of(name, annotation)


def scalar_of(name: str, kind: type) -> Any:
    """Return an example of a scalar type."""
    if issubclass(kind, StrEnum):
        return next(member for member in kind if member.name != "UNKNOWN")
    examples: dict[type, Any] = {
        UUID: uuid5(NAMES, name),
        date: date(2026, 5, 18),
        datetime: datetime(2026, 5, 18, 3, tzinfo=UTC),
        bool: True,
        int: INTEGERS.get(name, 3),
        float: 0.5,
        str: "ab" * 32 if name.endswith(HEXADECIMAL) else TEXTS.get(name, name.upper()),
    }
    return examples[kind]
