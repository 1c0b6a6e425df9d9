"""NIK and No. KK as values that never show themselves: whoever needs the digits must call `reveal()`."""

import hmac
import re
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, ClassVar, NoReturn, Self

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from shared.errors import InvalidInput

SIXTEEN_DIGITS = re.compile(r"[0-9]{16}")
# The 38 provinces of Kepmendagri 300.2.2-2138/2025, and 54, Timor Timur, under which NIK were issued before 1999:
# a NIK keeps the code of first registration for life (domain.md 6.1).
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
FEMALE_DAY_OFFSET = 40
SHOWN_DIGITS = 4
HIDDEN = "*" * (16 - SHOWN_DIGITS)
MaskedNumber = Annotated[
    str, Field(pattern=r"^([0-9]{4}|\*{4})\*{12}$", examples=["3324************"], description="Masked")
]
"""A NIK or No. KK as views show it."""


class NumberNotSixteenDigits(InvalidInput):
    """422: a NIK or No. KK has exactly sixteen digits, nothing else."""

    en = "This number must have exactly 16 digits."
    id = "Nomor ini harus tepat 16 angka."


class ProvinceUnknown(InvalidInput):
    """422: no code table, present or past, has this province."""

    en = "The first two digits are not the code of a province, present or past."
    id = "Dua angka pertama bukan kode provinsi, baik sekarang maupun dahulu."


class BirthDateImpossible(InvalidInput):
    """422: digits 7 to 12 are no birth date (for women 40 is added to the day)."""

    en = "Digits 7 to 12 are not a date of birth."
    id = "Angka ke-7 sampai ke-12 bukan tanggal lahir."


class IssueDateImpossible(InvalidInput):
    """422: digits 7 to 12 of a No. KK are no date of issue."""

    en = "Digits 7 to 12 are not a date of issue."
    id = "Angka ke-7 sampai ke-12 bukan tanggal terbit."


class SerialZero(InvalidInput):
    """422: serials count from 0001."""

    en = "The last four digits cannot be 0000."
    id = "Empat angka terakhir tidak boleh 0000."


class NikWarning(StrEnum):
    """What differs between a NIK and the record; never a reason to refuse, as a NIK is not corrected."""

    SEX_DIFFERS = "SEX_DIFFERS"
    BIRTH_DATE_DIFFERS = "BIRTH_DATE_DIFFERS"


def mask(digits: str) -> str:
    """Return the first four of sixteen digits, the rest as asterisks."""
    # Area, birth date and sex in the same answer give digits 1 to 12: only the hidden serial keeps the number unknown.
    return digits[:SHOWN_DIGITS] + HIDDEN if SIXTEEN_DIGITS.fullmatch(digits) else "*" * 16


class Masked:
    """Sixteen digits that print, format and serialise masked, and refuse to be pickled."""

    __slots__ = ("_digits",)
    noun: ClassVar[str]
    _digits: str

    def __init__(self, digits: str) -> None:
        """Take sixteen digits; raise the InvalidInput that names what is wrong, never the digits."""
        if not isinstance(digits, str) or not SIXTEEN_DIGITS.fullmatch(digits):
            raise NumberNotSixteenDigits
        if digits[:2] not in PROVINCES:
            raise ProvinceUnknown
        self._check_date(digits)
        if digits.endswith("0000"):
            raise SerialZero
        object.__setattr__(self, "_digits", digits)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Take what a person or a file wrote: blanks around it and single separators inside are dropped."""
        return cls(re.sub(r"(?<=\d)[ .-](?=\d)", "", text.strip()))

    def reveal(self) -> str:
        """Return the digits. Seal, index or show them to one who may see them; never log, send or store them."""
        return self._digits

    @property
    def masked(self) -> str:
        """The form for views: 3324************."""
        return mask(self._digits)

    @staticmethod
    def _check_date(digits: str) -> None:
        raise NotImplementedError

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
        """Compare without telling by the time taken how much is equal."""
        return type(other) is type(self) and hmac.compare_digest(self._digits, other._digits)

    def __hash__(self) -> int:
        """Hash for sets and keys of this process only; stored look-ups use the vault's keyed index."""
        return hash((type(self), self._digits))

    def __setattr__(self, name: str, value: object) -> NoReturn:
        """Refuse: a value does not change."""
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
        """Refuse: a pickle is clear text on somebody's disk."""
        del protocol
        msg = f"a {self.noun} is not pickled; seal it"
        raise TypeError(msg)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Take a text in requests; give the masked form in whatever pydantic writes."""
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
        """Describe sixteen digits to the client; what comes back is masked."""
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
            return cls(value)  # pyright: ignore[reportArgumentType]  # anything but a text is refused there
        except InvalidInput as refusal:
            raise as_pydantic(refusal) from None


def as_pydantic(refusal: InvalidInput) -> PydanticCustomError:
    """Return the refusal as pydantic reports it, with both sentences in its context and no digits."""
    code: Any = re.sub(r"(?<!^)(?=[A-Z])", "_", type(refusal).__name__).lower()
    sentence: Any = refusal.en
    return PydanticCustomError(code, sentence, {"id": refusal.id})


class Nik(Masked):
    """Nomor Induk Kependudukan: PPKKCC of first registration, DDMMYY of birth (day + 40 for women), serial.

    Valid means well formed; there is no check digit, and the area never says where a person lives now.
    """

    __slots__ = ()
    noun = "NIK"

    @property
    def female(self) -> bool:
        """Whether the number was issued for a woman."""
        return int(self._digits[6:8]) > FEMALE_DAY_OFFSET

    def birth_date(self, recorded: date | None = None) -> date:
        """Return the date in the number; the century that it lacks is the one nearest to the recorded date.

        Without a record the century is not known; the 1900s are taken where the date exists there.
        """
        possible = possible_dates(self._digits, FEMALE_DAY_OFFSET)
        if recorded is None:
            return possible[0]
        return min(possible, key=lambda day: abs((day - recorded).days))

    def warnings(self, *, sex: str | None = None, birth_date: date | None = None) -> list[NikWarning]:
        """Return what differs from the record: sex "L" or "P", and the date of birth."""
        found = []
        if sex is not None and (sex.upper() in {"P", "F", "PEREMPUAN", "FEMALE"}) != self.female:
            found.append(NikWarning.SEX_DIFFERS)
        if birth_date is not None and self.birth_date(birth_date) != birth_date:
            found.append(NikWarning.BIRTH_DATE_DIFFERS)
        return found

    @staticmethod
    def _check_date(digits: str) -> None:
        if not possible_dates(digits, FEMALE_DAY_OFFSET):
            raise BirthDateImpossible


class NoKk(Masked):
    """Nomor Kartu Keluarga: PPKKCC, DDMMYY of issue, serial; it changes with the family and is never its key."""

    __slots__ = ()
    noun = "No. KK"

    @staticmethod
    def _check_date(digits: str) -> None:
        if not possible_dates(digits, 0):
            raise IssueDateImpossible


def possible_dates(digits: str, day_offset: int) -> list[date]:
    """Return the dates that digits 7 to 12 can mean: in the 1900s, in the 2000s, in both or in none."""
    day, month, year = int(digits[6:8]), int(digits[8:10]), int(digits[10:12])
    day = day - day_offset if day > day_offset else day
    found = []
    for century in (1900, 2000):
        try:
            found.append(date(century + year, month, day))
        except ValueError:
            continue
    return found
