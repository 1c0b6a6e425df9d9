"""Parsers for the values of columns. Values that repeat from row to row are cached."""

import re
from datetime import date
from functools import lru_cache
from typing import Any, TypeVar

from services.caseload.intake.rules.csv_file import COLUMNS
from shared import wilayah
from shared.contracts.kinds import Bansos, DesilScope, KomponenKind, Sex
from shared.errors import InvalidInput
from shared.fields import ISO_DAY
from shared.privacy import NoKk
from shared.privacy.numbers import FEMALE_DAY_OFFSET

Value = TypeVar("Value")
LONGEST = dict.fromkeys(COLUMNS, 60) | {
    "name": 120,
    "address": 300,
    "komponen": 400,
    "bansos": 200,
    "desil": 600,
}
MANGLED = re.compile(r"\d([.,]\d+)?[eE]\+?\d+|\d{13,}[.,]0+")
DAY_FIRST = re.compile(r"(\d{2})[-/](\d{2})[-/](\d{4})")
SNAPSHOT = re.compile(r"20\d{2}-Q[1-4]")
PHONE = re.compile(r"\+?[0-9][0-9 .-]{5,18}[0-9]")
NUMBER = re.compile(r"[0-9]{1,12}")
NIB = re.compile(r"[0-9]{13}")
PENDAMPING_NO = re.compile(r"[A-Z0-9][A-Z0-9-]{1,39}")
YES = frozenset({"YA", "Y", "1", "TRUE", "KAWIN"})
NO = frozenset({"TIDAK", "T", "N", "0", "FALSE", "BELUM", "BELUM KAWIN", "CERAI", ""})
EARLIEST_BIRTH, EARLIEST_START = date(1890, 1, 1), date(1990, 1, 1)
FARTHEST_END = date(2100, 1, 1)
NUMBER_FAULTS = {
    "NumberNotSixteenDigits": "NOT_SIXTEEN_DIGITS",
    "ProvinceUnknown": "UNKNOWN_PROVINCE",
    "BirthDateImpossible": "IMPOSSIBLE_DATE_IN_NUMBER",
    "IssueDateImpossible": "IMPOSSIBLE_DATE_IN_NUMBER",
    "SerialZero": "SERIAL_ZERO",
}


class Fault(ValueError):
    """A value is invalid. The argument is a code of `errors.ROW_REFUSALS`."""


@lru_cache(maxsize=50_000)
def date_in_number(birth: str, sex: str) -> str:
    """Return digits 7 to 12 of a NIK, from birth date and sex."""
    day_digits = int(birth[8:]) + (FEMALE_DAY_OFFSET if sex == Sex.P.value else 0)
    return f"{day_digits:02}{birth[5:7]}{birth[2:4]}"


def required(text: str) -> str:
    """Return the text. A blank or a text longer than a name is a fault."""
    if not text:
        raise Fault("REQUIRED")
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
    """Return a No.

    KK. It is cached, because the rows of a family are mostly adjacent.
    """
    return number(NoKk, text)


def number(kind: type[Value], text: str) -> Value:
    """Return a NIK or No. KK."""
    if not text:
        raise Fault("REQUIRED")
    try:
        return kind(text.lstrip("'"))  # type: ignore[call-arg]  # spreadsheets mark a text with an apostrophe
    except InvalidInput as refusal:
        mangled = MANGLED.fullmatch(text)
        raise Fault("EXCEL_MANGLED" if mangled else NUMBER_FAULTS[type(refusal).__name__]) from None


@lru_cache(maxsize=50_000)
def day(text: str, earliest: date, latest: date) -> date:
    """Return a date written 1987-11-12, 12-11-1987 or 12/11/1987."""
    if not text:
        raise Fault("REQUIRED")
    match = DAY_FIRST.fullmatch(text)
    written = f"{match[3]}-{match[2]}-{match[1]}" if match else text
    if not ISO_DAY.fullmatch(written):
        raise Fault("NOT_A_DATE")
    try:
        value = date.fromisoformat(written)
    except ValueError:
        raise Fault("NOT_A_DATE") from None
    if not earliest <= value <= latest:
        raise Fault("DATE_OUT_OF_RANGE")
    return value


@lru_cache(maxsize=50_000)
def day_text(text: str, earliest: date, latest: date) -> str:
    """Return a date in ISO format."""
    return day(text, earliest, latest).isoformat()


@lru_cache(maxsize=2_000)
def one_of(kind: Any, text: str) -> str:
    """Return the name of an enum value. UNKNOWN is a fault."""
    value = text.upper().replace(" ", "_")
    if not value:
        raise Fault("REQUIRED")
    if value not in kind.__members__ or value == "UNKNOWN":
        raise Fault("UNKNOWN_VALUE")
    return value


@lru_cache(maxsize=200)
def yes_or_no(text: str) -> bool:
    """Return the boolean of YA, TIDAK and their synonyms. A blank is False."""
    value = text.upper()
    if value in YES:
        return True
    if value in NO:
        return False
    raise Fault("UNKNOWN_VALUE")


@lru_cache(maxsize=20_000)
def desa(text: str) -> str:
    """Return the dotted code of a desa or kelurahan. Ten digits without dots are accepted."""
    if not text:
        raise Fault("REQUIRED")
    code = f"{text[:2]}.{text[2:4]}.{text[4:6]}.{text[6:]}" if len(text) == 10 and text.isdigit() else text
    if not wilayah.is_code(code) or wilayah.level(code) != wilayah.VILLAGE or not wilayah.exists(code):
        raise Fault("UNKNOWN_WILAYAH")
    return code


@lru_cache(maxsize=20_000)
def komponen(text: str) -> list[list[str | None]]:
    """Return [[kind, end or None]] of "ANAK_SMA:2026-12-31|DISABILITAS_BERAT"."""
    parts: list[list[str | None]] = []
    for part in pieces(text):
        kind, _, end = part.partition(":")
        last = day(end, EARLIEST_START, FARTHEST_END).isoformat() if end else None
        parts.append([one_of(KomponenKind, kind), last])
    return distinct(parts, 1)


@lru_cache(maxsize=20_000)
def bansos(text: str, today: date) -> list[list[str]]:
    """Return [[bansos, first day]] of "PKH:2019-02-01|SEMBAKO:2020-01-01"."""
    parts: list[list[str]] = []
    for part in pieces(text):
        kind, _, start = part.partition(":")
        parts.append([one_of(Bansos, kind), day(start, EARLIEST_START, today).isoformat()])
    return distinct(parts, 1)


@lru_cache(maxsize=20_000)
def desil(text: str) -> list[list[Any]]:
    """Return [[scope, snapshot, value]] of "NAS:3:2025-Q3|KABKOTA:4:2025-Q3"."""
    parts: list[list[Any]] = []
    for part in pieces(text):
        scope, value, snapshot = (*part.split(":"), "", "")[:3]
        if part.count(":") != 2 or not SNAPSHOT.fullmatch(snapshot) or not NUMBER.fullmatch(value):
            raise Fault("BAD_FORM")
        if not 1 <= int(value) <= 10:
            raise Fault("UNKNOWN_VALUE")
        parts.append([one_of(DesilScope, scope), snapshot, int(value)])
    return distinct(parts, 2)


def pieces(text: str) -> list[str]:
    """Return the parts between the bars."""
    return [part.strip() for part in text.split("|")] if text else []


def distinct(parts: list[Any], length: int) -> list[Any]:
    """Return the parts sorted. Parts with the same first `length` values are a fault."""
    if len({tuple(part[:length]) for part in parts}) != len(parts):
        raise Fault("REPEATED")
    return sorted(parts, key=lambda part: [str(value) for value in part])


@lru_cache(maxsize=20_000)
def pendamping_no(text: str) -> str | None:
    """Return a pendamping number of registry, or None."""
    if text and not PENDAMPING_NO.fullmatch(text.upper()):
        raise Fault("UNKNOWN_PENDAMPING")
    return text.upper() or None


def phone(text: str) -> str:
    """Return a phone number, which may be blank."""
    if text and not PHONE.fullmatch(text):
        raise Fault("BAD_FORM")
    return text


def nib(text: str) -> str:
    """Return a Nomor Induk Berusaha of 13 digits, which may be blank."""
    if text and MANGLED.fullmatch(text) and not NIB.fullmatch(text):
        raise Fault("EXCEL_MANGLED")
    if text and not NIB.fullmatch(text):
        raise Fault("BAD_FORM")
    return text


def rupiah(text: str) -> int:
    """Return whole rupiah."""
    if not NUMBER.fullmatch(text):
        raise Fault("NOT_A_NUMBER")
    return int(text)
