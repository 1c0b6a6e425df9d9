"""The bounded texts and dates of graduation's requests, and the base of request and view models."""

from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from shared.errors import BadValue

EARLIEST, LATEST = date(2000, 1, 1), date(2100, 12, 31)


def _written(value: Any) -> Any:
    """A date is written 2026-05-18; numbers and instants are not read as dates."""
    if not isinstance(value, date) and not (isinstance(value, str) and len(value) == 10):
        raise BadValue("A date such as 2026-05-18 is expected.", "Harus berupa tanggal, misalnya 2026-05-18.")
    return value


Day = Annotated[
    date,
    BeforeValidator(_written),
    Field(ge=EARLIEST, le=LATEST),
    WithJsonSchema({"type": "string", "format": "date", "examples": ["2026-05-18"]}),
]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", min_length=64, max_length=64, examples=["0" * 64])]
Reason = Annotated[
    str, Field(min_length=3, max_length=500, examples=["Berkas lengkap, keluarga ditemui di rumah."])
]
Number = Annotated[str, Field(min_length=3, max_length=60, pattern=r"^[0-9A-Za-z./ -]+$")]


class Request(BaseModel):
    """A request body: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


class View(BaseModel):
    """What is shown: read from rows."""

    model_config = ConfigDict(from_attributes=True)
