"""Sixteen digits that print masked. Only `reveal()` returns them."""

import hmac
import re
from typing import Annotated, Any, ClassVar, NoReturn, Self

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from shared.errors import InvalidInput
from shared.field_classes import PRIBADI
from shared.remedies import CORRECT_REQUEST
from shared.text import drop_separators

SIXTEEN_DIGITS = re.compile(r"[0-9]{16}")
# The 38 provinces of Kepmendagri 300.2.2-2138/2025, and 54 (Timor Timur), where NIK were issued before 1999.
# The province of a NIK is that of the first registration and never changes.
PROVINCES = frozenset(
    [
        "11",
        "12",
        "13",
        "14",
        "15",
        "16",
        "17",
        "18",
        "19",
        "21",
        "31",
        "32",
        "33",
        "34",
        "35",
        "36",
        "51",
        "52",
        "53",
        "54",
        "61",
        "62",
        "63",
        "64",
        "65",
        "71",
        "72",
        "73",
        "74",
        "75",
        "76",
        "81",
        "82",
        "91",
        "92",
        "93",
        "94",
        "95",
        "96",
    ]
)
SHOWN_DIGITS = 4
HIDDEN = "*" * (16 - SHOWN_DIGITS)
MaskedNumber = Annotated[
    str,
    Field(pattern=r"^([0-9]{4}|\*{4})\*{12}$", examples=["3324************"], description="Masked"),
    PRIBADI,
]
"""A NIK or No. KK as views show it."""


class NumberNotSixteenDigits(InvalidInput):
    """422: a NIK or No. KK has exactly sixteen digits."""

    en = "This number must have exactly 16 digits."
    id = "Nomor ini harus tepat 16 angka."
    remedy = CORRECT_REQUEST


class ProvinceUnknown(InvalidInput):
    """422: no code table, present or past, has this province."""

    en = "The first two digits are not the code of a province, present or past. Compare the number with the card."
    id = "Dua angka pertama bukan kode provinsi, baik sekarang maupun dahulu. Cocokkan nomornya dengan kartu."
    remedy = CORRECT_REQUEST


class SerialZero(InvalidInput):
    """422: serials start at 0001."""

    en = "The last four digits cannot be 0000. Compare the number with the card."
    id = "Empat angka terakhir tidak boleh 0000. Cocokkan nomornya dengan kartu."
    remedy = CORRECT_REQUEST


def mask(digits: str) -> str:
    """Return the first four of sixteen digits, and asterisks for the rest."""
    # The area, birth date and sex of an answer reveal digits 1 to 12, so the serial must stay hidden.
    return digits[:SHOWN_DIGITS] + HIDDEN if SIXTEEN_DIGITS.fullmatch(digits) else "*" * 16


class Masked:
    """Sixteen digits that print, format and serialise masked, and cannot be pickled."""

    __slots__ = ("_digits",)
    noun: ClassVar[str]
    _digits: str

    def __init__(self, digits: str) -> None:
        """Validate sixteen digits.

        Raises:
            InvalidInput: the subclass says what is wrong, never the digits.
        """
        if not isinstance(digits, str) or not SIXTEEN_DIGITS.fullmatch(digits):
            raise NumberNotSixteenDigits
        if digits[:2] not in PROVINCES:
            raise ProvinceUnknown
        if digits.endswith("0000"):
            raise SerialZero
        object.__setattr__(self, "_digits", digits)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse what a person, a spreadsheet or a file wrote.

        Blanks around it, single separators inside it and a leading apostrophe are removed.
        """
        return cls(drop_separators(text.strip().removeprefix("'")))

    def reveal(self) -> str:
        """Return the digits, to seal, index or show. Never log, send or store them."""
        return self._digits

    @property
    def masked(self) -> str:
        """The form for views: 3324************."""
        return mask(self._digits)

    def __repr__(self) -> str:
        """Show the masked form."""
        return f"{type(self).__name__}({self.masked})"

    def __str__(self) -> str:
        """Show the masked form."""
        return self.masked

    def __format__(self, spec: str) -> str:
        """Show the masked form."""
        return format(self.masked, spec)

    def __eq__(self, other: object) -> bool:
        """Compare in constant time."""
        return type(other) is type(self) and hmac.compare_digest(self._digits, other._digits)

    def __hash__(self) -> int:
        """Hash for sets and keys of this process. Stored lookups use the vault's keyed index."""
        return hash((type(self), self._digits))

    def __setattr__(self, name: str, value: object) -> NoReturn:
        """Refuse every change."""
        del value
        msg = f"{name} of a {self.noun} cannot be set"
        raise AttributeError(msg)

    def __copy__(self) -> Self:
        """Return itself."""
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        """Return itself."""
        return self

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        """Refuse to be pickled, which would write the digits in clear."""
        del protocol
        msg = f"a {self.noun} is not pickled; seal it"
        raise TypeError(msg)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Validate a text in requests, and serialise the masked form."""
        del source, handler
        return core_schema.no_info_plain_validator_function(
            cls._from_request,
            serialization=core_schema.plain_serializer_function_ser_schema(
                str, return_schema=core_schema.str_schema()
            ),
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Describe sixteen digits in requests, and the masked form in answers."""
        del schema
        if handler.mode == "serialization":
            return {"type": "string", "pattern": r"^[0-9]{4}\*{12}$"}
        return {
            "type": "string",
            "pattern": "^[0-9]{16}$",
            "minLength": 16,
            "maxLength": 16,
            "writeOnly": True,
        }

    @classmethod
    def _from_request(cls, value: object) -> Self:
        if isinstance(value, cls):
            return value
        try:
            # Anything but a text is refused by the constructor.
            return cls.parse(value) if isinstance(value, str) else cls(value)  # pyright: ignore[reportArgumentType]
        except InvalidInput as refusal:
            raise as_pydantic(refusal) from None


def as_pydantic(refusal: InvalidInput) -> PydanticCustomError:
    """Return the refusal as a pydantic error, with both sentences and no digits."""
    code: Any = re.sub(r"(?<!^)(?=[A-Z])", "_", type(refusal).__name__).lower()
    sentence: Any = refusal.en
    return PydanticCustomError(code, sentence, {"id": refusal.id})
