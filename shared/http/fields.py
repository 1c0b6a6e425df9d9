"""Types of request fields that every service needs: known values of the field, plain dates, codes that may travel."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

EARLIEST, LATEST = date(1900, 1, 1), date(2200, 12, 31)


class Body(BaseModel):
    """What a request says: nothing unknown, nothing reinterpreted ("1" is no number)."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


def known(kind: type[StrEnum]) -> Any:
    """Return the type of a request field that takes the values of `kind`, but never the readers' UNKNOWN."""
    values = [member.value for member in kind if member.name != "UNKNOWN"]

    def check(value: Any) -> Any:
        if not isinstance(value, str) or value not in values:
            code, sentence = "enum", "This is not one of the known values."
            raise PydanticCustomError(code, sentence)
        return kind(value)

    return Annotated[kind, BeforeValidator(check), WithJsonSchema({"type": "string", "enum": values})]


def _written(value: Any) -> Any:
    if not isinstance(value, str | date):
        code, sentence = "date_type", "A date such as 2026-05-18 is expected."
        raise PydanticCustomError(code, sentence)
    return value


def _reasonable(value: date) -> date:
    if not EARLIEST <= value <= LATEST:
        code, sentence = "date_type", "A date such as 2026-05-18 is expected."
        raise PydanticCustomError(code, sentence)
    return value


Day = Annotated[
    date,
    BeforeValidator(_written),
    AfterValidator(_reasonable),
    WithJsonSchema({"type": "string", "format": "date", "examples": ["2026-05-18"]}),
]
"""A calendar date (Asia/Jakarta) from 1900 to 2200, written as text; a number is refused, not read as a timestamp."""

Code = Annotated[
    str,
    StringConstraints(pattern="^[A-Z][A-Z_]{1,38}[A-Z]$", max_length=40),
    Field(examples=["SK_PENGANGKATAN"]),
]
"""A reason in capitals without digits: it travels in events, where no free text may (chain.md 6)."""

Wilayah = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9]{2}(\.[0-9]{2}(\.[0-9]{2}(\.[0-9]{4})?)?)?$", max_length=13),
    Field(examples=["33.24.09.2011"]),
]
"""A dotted Kemendagri code of any level."""
