"""Validation of one row of the file, split into personal data and other values."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from services.caseload.family.models import Relation
from services.caseload.intake.rules.csv_file import COLUMNS
from services.caseload.intake.rules.values import (
    EARLIEST_BIRTH,
    EARLIEST_START,
    LONGEST,
    Fault,
    Value,
    address,
    bansos,
    card,
    date_in_number,
    day_text,
    desa,
    desil,
    komponen,
    nib,
    number,
    one_of,
    pendamping_no,
    phone,
    required,
    rupiah,
    yes_or_no,
)
from shared.contracts.kinds import Sex, UsahaSector
from shared.privacy import Nik, NoKk
from shared.text import has_invisible


@dataclass(slots=True)
class Row:
    """A validated row with its faults as (column, code). `data` has no personal data."""

    no_kk: NoKk | None = None
    nik: Nik | None = None
    name: str = ""
    address: str = ""
    phone: str = ""
    nib: str = ""
    data: dict[str, Any] = field(default_factory=dict[str, Any])
    faults: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    warnings: list[str] = field(default_factory=list[str])


def read_row(fields: tuple[str, ...], today: date) -> Row:
    """Validate all fields of a row and collect its faults."""
    # Fast path: most rows have no fault and are read at once. Only the others are read column by column.
    if is_plain("".join(fields)):
        try:
            return good_row(fields, today)
        except Fault:
            pass
    return checked_row(fields, today)


def is_plain(whole: str) -> bool:
    """Return whether a row has only printable characters and a normal length."""
    return whole.isprintable() and len(whole) <= 1000 and "\ufffd" not in whole and not has_invisible(whole)


def good_row(fields: tuple[str, ...], today: date) -> Row:
    """Read a row, or raise its first Fault."""
    no_kk, nik, name, sex, birth, relation, married, pengurus, entitled, kode = fields[:10]
    where, called, aid, ranks, placed = fields[10:15]
    data = {
        "sex": one_of(Sex, sex),
        "birth": day_text(birth, EARLIEST_BIRTH, today),
        "relation": one_of(Relation, relation),
        "married": yes_or_no(married),
        "pengurus": yes_or_no(pengurus),
        "komponen": komponen(entitled),
        "kode": desa(kode),
        "bansos": bansos(aid, today),
        "desil": desil(ranks),
        "pendamping_no": pendamping_no(placed),
        "usaha": good_usaha(fields[15:], today) if any(fields[15:]) else None,
    }
    row = Row(card(no_kk), number(Nik, nik), required(name), address(where))
    row.phone, row.nib, row.data = phone(called), nib(fields[18]), data
    row.warnings = warnings(row)
    return row


def good_usaha(fields: tuple[str, ...], today: date) -> dict[str, Any]:
    """Read a business, or raise its first Fault."""
    sector, started, omzet, own_nib, letter = fields
    if not (sector and started and omzet):
        raise Fault("INCOMPLETE_USAHA")
    return {
        "sector": one_of(UsahaSector, sector),
        "started_on": day_text(started, EARLIEST_START, today),
        "omzet_rp": rupiah(omzet),
        "has_nib": bool(own_nib),
        "has_letter": yes_or_no(letter),
    }


def warnings(row: Row) -> list[str]:
    """Return how a NIK differs from the record.

    This is no refusal, because a NIK is never corrected.
    """
    birth, sex = row.data["birth"], row.data["sex"]
    if row.nik is None or not birth or not sex or row.nik.reveal()[6:12] == date_in_number(birth, sex):
        return []
    return [w.value for w in row.nik.warnings(sex=sex, birth_date=date.fromisoformat(birth))]


def checked_row(fields: tuple[str, ...], today: date) -> Row:
    """Read a row column by column and collect its faults."""
    row = Row()
    raw: dict[str, str] = dict(zip(COLUMNS, fields, strict=True))
    if not is_plain("".join(fields)):
        row.faults += text_faults(raw)
    read_column = ColumnReader(raw, row.faults)
    row.no_kk = read_column("no_kk", lambda text: number(NoKk, text))
    row.nik = read_column("nik", lambda text: number(Nik, text))
    row.name = read_column("name", required) or ""
    row.address = read_column("address", address) or ""
    row.phone, row.nib = read_column("phone", phone) or "", read_column("usaha_nib", nib) or ""
    row.data = read_clear_values(read_column, today)
    row.warnings = warnings(row)
    return row


class ColumnReader:
    """Reader of single columns. It collects faults and returns None for a faulty column."""

    def __init__(self, raw: Mapping[str, str], faults: list[tuple[str, str]]) -> None:
        """Read from `raw` and append to `faults`.

        A column that has a fault is not read.
        """
        self.raw, self.faults, self.bad = raw, faults, {column for column, _ in faults}

    def __call__(self, column: str, read: Callable[[str], Value]) -> Value | None:
        """Return the result of `read` for the column."""
        if column in self.bad:
            return None
        try:
            return read(self.raw[column])
        except Fault as fault:
            self.faults.append((column, str(fault)))
            return None


def text_faults(raw: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return faults of too long texts, invalid UTF-8, control and invisible characters."""
    faults: list[tuple[str, str]] = []
    for column, text in raw.items():
        if "\ufffd" in text:
            faults.append((column, "NOT_UTF8"))
        elif has_invisible(text):
            faults.append((column, "INVISIBLE_CHARACTER"))
        elif not text.isprintable():
            faults.append((column, "CONTROL_CHARACTER"))
        elif len(text) > LONGEST[column]:
            faults.append((column, "TOO_LONG"))
    return faults


def read_clear_values(read_column: ColumnReader, today: date) -> dict[str, Any]:
    """Return the values that are not personal data: codes, dates and counts."""
    return {
        "sex": read_column("sex", lambda text: one_of(Sex, text)),
        "birth": read_column("birth_date", lambda text: day_text(text, EARLIEST_BIRTH, today)),
        "relation": read_column("relation", lambda text: one_of(Relation, text)),
        "married": read_column("married", yes_or_no),
        "pengurus": read_column("pengurus", yes_or_no),
        "komponen": read_column("komponen", komponen),
        "kode": read_column("kode_wilayah", desa),
        "bansos": read_column("bansos", lambda text: bansos(text, today)),
        "desil": read_column("desil", desil),
        "pendamping_no": read_column("pendamping_no", pendamping_no),
        "usaha": usaha(read_column, today),
    }


def usaha(read_column: ColumnReader, today: date) -> dict[str, Any] | None:
    """Return the member's business, or None without one. An incomplete one is a fault."""
    required_values = [
        read_column.raw[column] for column in ("usaha_sector", "usaha_started_on", "usaha_omzet_rp")
    ]
    if not any([*required_values, read_column.raw["usaha_nib"], read_column.raw["usaha_letter"]]):
        return None
    if not all(required_values):
        read_column.faults.append(("usaha_sector", "INCOMPLETE_USAHA"))
        return None
    return {
        "sector": read_column("usaha_sector", lambda text: one_of(UsahaSector, text)),
        "started_on": read_column("usaha_started_on", lambda text: day_text(text, EARLIEST_START, today)),
        "omzet_rp": read_column("usaha_omzet_rp", rupiah),
        "has_nib": bool(read_column.raw["usaha_nib"]),
        "has_letter": bool(read_column("usaha_letter", yes_or_no)),
    }
