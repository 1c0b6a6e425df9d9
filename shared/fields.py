"""Field types that all services use."""

import re
from datetime import date
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import sqlalchemy as sa
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    StringConstraints,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema
from sqlmodel._compat import SQLModelConfig

from shared.area_names import describe_name
from shared.contracts.caseload_activity import VoidReason
from shared.database.tables import Fields
from shared.roles import Role
from shared.text import join_lines

EARLIEST, LATEST = date(1900, 1, 1), date(2200, 12, 31)
ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
ISO_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})", re.ASCII)


class Body(Fields):
    """The base of requests.

    Unknown fields are refused, and no value is converted ("1" is no number).
    """

    model_config = SQLModelConfig(extra="forbid", frozen=True, hide_input_in_errors=True)


class View(BaseModel):
    """An answer, read from a row."""

    model_config = ConfigDict(from_attributes=True)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Describe the name of an area beside its code."""
        return describe_name(handler(schema), handler)


class Sentences(BaseModel):
    """A sentence in both languages."""

    en: str
    id: str


class JobAccepted(View):
    """A job that does the work. Its progress is at `job`."""

    job_id: UUID
    job: str


class Known:
    """Marks an enum in a request: it accepts the enum's values without UNKNOWN.

    Use it as `Annotated[PilarKind, KNOWN]`.
    """

    def __init__(self, *members: StrEnum) -> None:
        """Accept only `members`, or by default all but UNKNOWN."""
        self.members = members

    def __get_pydantic_core_schema__(
        self, source: type[StrEnum], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Refuse an unknown value, which the enum itself would read as UNKNOWN."""
        values = [member.value for member in self.members or source if member.name != "UNKNOWN"]

        def check(value: object) -> str:
            if not isinstance(value, str) or value not in values:
                code, sentence = "enum", "This is not one of the known values: {expected}."
                raise PydanticCustomError(code, sentence, {"expected": ", ".join(values)})
            return str(value)

        checked = core_schema.no_info_before_validator_function(check, core_schema.literal_schema(values))
        # An answer refers to the enum, as a field without this mark does.
        shown = core_schema.plain_serializer_function_ser_schema(
            lambda member: member, return_schema=handler(source)
        )
        return core_schema.no_info_after_validator_function(source, checked, serialization=shown)

    def __get_pydantic_json_schema__(self, schema: Any, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Name the enum of a request, whose values are listed in the field itself."""
        described = handler(schema)
        return (
            described | {"x-enum": schema["function"]["function"].__name__}
            if "enum" in described
            else described
        )


KNOWN = Known()


ActingRole = Annotated[str, Field(json_schema_extra={"x-enum": "ActingRole", "x-values": [*Role, "SYSTEM"]})]
"""The roles in which an account acted, joined by +, or SYSTEM for a service. `x-values` is no closed list as `enum` is."""


class RequestOnly:
    """Marks bounds and examples that apply to requests only.

    An answer shows the plain type, because a stored row may be older than a bound.
    """

    def __init__(self, *examples: object) -> None:
        self.examples = [*examples]

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Describe the field by the mode of the schema."""
        described = handler(schema)
        if handler.mode == "validation":
            return described | ({"examples": self.examples} if self.examples else {})
        return {name: value for name, value in described.items() if name not in BOUNDS}


BOUNDS = frozenset({"minLength", "maxLength", "pattern", "minimum", "maximum", "minItems", "maxItems"})


def _written(value: Any) -> Any:
    if type(value) is not date and not (isinstance(value, str) and ISO_DAY.fullmatch(value)):
        code, sentence = "date_type", "A date such as 2026-05-18 is expected."
        raise PydanticCustomError(code, sentence)
    return value


def _instant(value: Any) -> Any:
    if not (isinstance(value, str) and ISO_INSTANT.fullmatch(value)):
        code, sentence = "datetime_type", "An instant such as 2026-05-18T09:00:00+07:00 is expected."
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
    RequestOnly("2026-05-18"),
]
"""A calendar date (Asia/Jakarta) from 1900 to 2200, written 2026-05-18 and in no other form.

Every date of a request has this type. Pydantic's own also reads timestamps, week dates and 20260518.
"""

Instant = Annotated[AwareDatetime, BeforeValidator(_instant)]
"""An instant with its offset, written 2026-05-18T09:00:00+07:00. A number is refused."""

Code = Annotated[
    str,
    StringConstraints(pattern="^[A-Z][A-Z_]{1,38}[A-Z]$", max_length=40),
    RequestOnly("SK_PENGANGKATAN"),
]
"""A reason in capitals without digits. It is part of events, which have no free text (docs/architecture.md#personal-data)."""

Wilayah = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9]{2}(\.[0-9]{2}(\.[0-9]{2}(\.[0-9]{4})?)?)?$", max_length=13),
    RequestOnly("33.24.09.2011"),
    sa.Text(collation="C"),
]
"""A dotted Kemendagri code of any level. Its column sorts by bytes, as `shared.areas` needs."""

Sha256 = Annotated[
    str, StringConstraints(pattern="^[0-9a-f]{64}$"), RequestOnly("9f86d081884c7d659a2feaa0c55ad015" * 2)
]
"""The SHA-256 of a file uploaded by POST /v1/files, in hexadecimal."""

Rupiah = Annotated[
    int, Field(strict=True, ge=0, le=1_000_000_000_000), RequestOnly(8_000_000), sa.BigInteger()
]
"""An amount in whole rupiah."""
ONE_LINE = BeforeValidator(lambda value: join_lines(value) if isinstance(value, str) else value)
"""Marks a text of one line: white space becomes one blank (docs/api-frontend.md#requests)."""

Sentence = Annotated[
    str,
    ONE_LINE,
    StringConstraints(min_length=3, max_length=500),
    RequestOnly("Berkas lengkap, keluarga ditemui di rumah."),
]
Paragraph = Annotated[
    str,
    StringConstraints(min_length=3, max_length=2000, pattern=r"\S"),
    RequestOnly("Warung berjalan, stok cukup."),
]
DocumentNumber = Annotated[
    str,
    ONE_LINE,
    StringConstraints(min_length=3, max_length=60, pattern=r"^[0-9A-Za-z./ -]+$"),
    RequestOnly(),
]


class Voiding(Body):
    """Why a record does not count. The code is part of the event."""

    reason: Annotated[VoidReason, KNOWN]


class RangeEnd(Body):
    """The first day after a range, and the reason as a code."""

    valid_to: Day
    reason: Code


class WrittenReason(Body):
    """A reason in words. They are stored in this service only, sealed."""

    reason: Sentence
