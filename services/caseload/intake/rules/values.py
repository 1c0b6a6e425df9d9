"""Parsers for the values of columns. Values that repeat from row to row are cached.

A blank is None or an empty text: it keeps what is recorded. Lists are cached too, so nobody may change one in place.
"""

import re
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Any, TypeVar

from services.caseload.intake.rules import words
from services.caseload.intake.rules.csv_file import COLUMNS
from shared import wilayah
from shared.contracts.kinds import Bansos, DesilScope, KomponenKind, Sex
from shared.errors import InvalidInput
from shared.fields import EARLIEST
from shared.phone import PhoneUnusable, parse_phone
from shared.privacy import NoKk
from shared.privacy.numbers import FEMALE_DAY_OFFSET
from shared.text import drop_separators, normalize_number

Value = TypeVar("Value")
LONGEST = dict.fromkeys(COLUMNS, 60) | {
    "name": 120,
    "address": 300,
    "komponen": 400,
    "bansos": 200,
    "desil": 600,
}
MANGLED = re.compile(r"\d([.,]\d+)?[eE]\+?\d+|\d{10,}[.,]0+")
DAY_FIRST = re.compile(r"(\d{2})[-/](\d{2})[-/](\d{4})")
YEAR_FIRST = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})", re.ASCII)
COLON = re.compile(r"\s*:\s*")
SNAPSHOT = re.compile(r"20\d{2}-Q[1-4]")
DESIL = re.compile(r"[0-9]{1,2}")
RUPIAH = re.compile(
    r"(?:RP\.? ?)?(\d{1,13}|\d{1,3}(?:([., ])\d{3})(?:\2\d{3})*)(?:[.,](?:0{1,2}|-))?", re.ASCII
)
MOST_RUPIAH = 1_000_000_000_000
NIB = re.compile(r"[0-9]{13}")
PENDAMPING_NO = re.compile(r"[A-Z0-9][A-Z0-9-]{1,39}")
FARTHEST_END = date(2100, 1, 1)
NUMBER_FAULTS = {
    "NumberNotSixteenDigits": "NOT_SIXTEEN_DIGITS",
    "ProvinceUnknown": "UNKNOWN_PROVINCE",
    "SerialZero": "SERIAL_ZERO",
}


class Fault(ValueError):
    """A value is invalid. The argument is a code of `errors.ROW_REFUSALS`."""


@lru_cache(maxsize=50_000)
def date_in_number(birth: str, sex: str) -> str:
    """Return digits 7 to 12 of a NIK, from birth date and sex."""
    day_digits = int(birth[8:]) + (FEMALE_DAY_OFFSET if sex == Sex.P.value else 0)
    return f"{day_digits:02}{birth[5:7]}{birth[2:4]}"


def name(text: str) -> str:
    """Return a name, which may be blank. A longer text is a fault."""
    if len(text) > LONGEST["name"]:
        raise Fault("TOO_LONG")
    return text


def address(text: str) -> str:
    """Return an address, which may be blank."""
    if len(text) > LONGEST["address"]:
        raise Fault("TOO_LONG")
    return text


@lru_cache(maxsize=8)
def card(text: str) -> NoKk:
    """Return a No. KK. It is cached, because most rows of a family are adjacent."""
    return number(NoKk, text)


def number(kind: type[Value], text: str) -> Value:
    """Return a NIK or card number. One that a spreadsheet has rounded is a fault."""
    if not text:
        raise Fault("REQUIRED")
    try:
        return kind(text)  # type: ignore[call-arg]
    except InvalidInput:
        pass
    try:
        return kind(digits_of(text, 16))  # type: ignore[call-arg]
    except InvalidInput as refusal:
        raise Fault(NUMBER_FAULTS[type(refusal).__name__]) from None


def digits_of(text: str, length: int) -> str:
    """Return a number without separators, and without what a spreadsheet has added.

    A spreadsheet keeps fifteen digits and writes 0 for the others. So a sixteenth digit other than 0 is not rounded.
    """
    if not MANGLED.fullmatch(text):
        return drop_separators(text)
    mantissa, _, exponent = text.replace(",", ".").upper().partition("E")
    whole, _, decimals = mantissa.partition(".")
    digits = whole + decimals if exponent else whole
    if len(digits) != length or (exponent and int(exponent) != length - 1) or digits[15:16] == "0":
        raise Fault("EXCEL_MANGLED")
    return digits


@lru_cache(maxsize=50_000)
def day(text: str, earliest: date, latest: date) -> date:
    """Return a date written 1987-11-12, 1987/11/12, 12-11-1987 or 12/11/1987."""
    if match := YEAR_FIRST.fullmatch(text):
        year, month, day_ = match.groups()
    elif match := DAY_FIRST.fullmatch(text):
        day_, month, year = match.groups()
    else:
        raise Fault("NOT_A_DATE")
    try:
        value = date(int(year), int(month), int(day_))
    except ValueError:
        raise Fault("NOT_A_DATE") from None
    if not earliest <= value <= latest:
        raise Fault("DATE_OUT_OF_RANGE")
    return value


@lru_cache(maxsize=50_000)
def day_text(text: str, earliest: date, latest: date) -> str | None:
    """Return a date in ISO format, None for a blank."""
    return day(text, earliest, latest).isoformat() if text else None


@lru_cache(maxsize=2_000)
def one_of(kind: Any, text: str) -> str | None:
    """Return the name of an enum value, None for a blank. UNKNOWN is a fault."""
    value = words.key_of(text).replace(" ", "_")
    if not value:
        return None
    if value not in kind.__members__ or value == "UNKNOWN":
        raise Fault("UNKNOWN_VALUE")
    return value


@lru_cache(maxsize=2_000)
def sex(text: str) -> str | None:
    """Return L or P, None for a blank."""
    return word_of(words.SEX, text)


@lru_cache(maxsize=2_000)
def relation(text: str) -> str | None:
    """Return a relation as printed on the family card, None for a blank."""
    return word_of(words.RELATION, text)


@lru_cache(maxsize=200)
def married(text: str) -> bool | None:
    """Return whether a marital status is a marriage, None for a blank."""
    return word_of(words.MARRIED, text)


def required_of(kind: Any, text: str) -> str:
    """Return the name of an enum value. A blank is a fault."""
    value = one_of(kind, text)
    if value is None:
        raise Fault("BAD_FORM")
    return value


@lru_cache(maxsize=200)
def yes_or_no(text: str) -> bool | None:
    """Return the boolean of YA, TIDAK and their synonyms, None for a blank."""
    return word_of(words.YES_NO, text)


def word_of(known: Mapping[str, Value], text: str) -> Value | None:
    """Return the value of a word, None for a blank."""
    key = words.key_of(text)
    if key and key not in known:
        raise Fault("UNKNOWN_VALUE")
    return known.get(key)


@lru_cache(maxsize=20_000)
def desa(text: str) -> str | None:
    """Return the dotted code of a desa or kelurahan, None for a blank.

    Ten digits are accepted with any separators, and as a spreadsheet writes a number.
    """
    if not text:
        return None
    digits = digits_of(text, 10)
    code = f"{digits[:2]}.{digits[2:4]}.{digits[4:6]}.{digits[6:]}" if len(digits) == 10 else text
    if not wilayah.is_code(code) or wilayah.level(code) != wilayah.VILLAGE or not wilayah.exists(code):
        raise Fault("UNKNOWN_WILAYAH")
    return code


@lru_cache(maxsize=20_000)
def komponen(text: str) -> list[list[str | None]] | None:
    """Return [[kind, end or None]] of "ANAK_SMA:2026-12-31|DISABILITAS_BERAT", None for a blank."""
    if not text:
        return None
    parts: list[list[str | None]] = []
    for part in pieces(text):
        kind, _, end = part.partition(":")
        last = day(end, EARLIEST, FARTHEST_END).isoformat() if end else None
        parts.append([required_of(KomponenKind, kind), last])
    return distinct(parts, 1)


@lru_cache(maxsize=20_000)
def bansos(text: str, today: date) -> list[list[str]]:
    """Return [[bansos, first day]] of "PKH:2019-02-01|SEMBAKO:2020-01-01"."""
    parts: list[list[str]] = []
    for part in pieces(text):
        kind, _, start = part.partition(":")
        if not start:
            raise Fault("BAD_FORM")
        parts.append([required_of(Bansos, kind), day(start, EARLIEST, today).isoformat()])
    return distinct(parts, 1)


@lru_cache(maxsize=20_000)
def desil(text: str) -> list[list[Any]]:
    """Return [[scope, snapshot, value]] of "NAS:3:2025-Q3|KABKOTA:4:2025-Q3"."""
    parts: list[list[Any]] = []
    for part in pieces(text):
        scope, value, snapshot = (*part.upper().split(":"), "", "")[:3]
        if part.count(":") != 2 or not SNAPSHOT.fullmatch(snapshot) or not DESIL.fullmatch(value):
            raise Fault("BAD_FORM")
        if not 1 <= int(value) <= 10:
            raise Fault("UNKNOWN_VALUE")
        parts.append([required_of(DesilScope, scope), snapshot, int(value)])
    return distinct(parts, 2)


def pieces(text: str) -> list[str]:
    """Return the parts between the bars, without blanks at bars and colons."""
    return [COLON.sub(":", part.strip()) for part in text.split("|")] if text else []


def distinct(parts: list[Any], length: int) -> list[Any]:
    """Return the parts sorted. Parts with the same first `length` values are a fault."""
    if len({tuple(part[:length]) for part in parts}) != len(parts):
        raise Fault("REPEATED")
    return sorted(parts, key=lambda part: [str(value) for value in part])


@lru_cache(maxsize=20_000)
def pendamping_no(text: str) -> str | None:
    """Return a pendamping number as registry writes it, or None if it is blank."""
    key = normalize_number(text)
    number = f"PD-{key[2:]}" if key.startswith("PD") else text.upper()
    if number and not PENDAMPING_NO.fullmatch(number):
        raise Fault("UNKNOWN_PENDAMPING")
    return number or None


def phone(text: str) -> str | None:
    """Return a phone as +62…, None if it cannot be used."""
    try:
        return parse_phone(text) if text else ""
    except PhoneUnusable:
        return None


def nib(text: str) -> str:
    """Return a Nomor Induk Berusaha of 13 digits, which may be blank."""
    if not text or NIB.fullmatch(text):
        return text
    digits = digits_of(text, 13)
    if not NIB.fullmatch(digits):
        raise Fault("BAD_FORM")
    return digits


def rupiah(text: str) -> int | None:
    """Return whole rupiah, None for a blank.

    Thousands may be separated (Rp 9.000.000,00). Another part of a rupiah than ,00 is a fault.
    """
    if not text:
        return None
    if MANGLED.fullmatch(text) and "E" in text.upper():
        raise Fault("EXCEL_MANGLED")
    match = RUPIAH.fullmatch(text.upper())
    amount = int(re.sub(r"\D", "", match[1])) if match else MOST_RUPIAH + 1
    if amount > MOST_RUPIAH:
        raise Fault("NOT_A_NUMBER")
    return amount
