"""One row of the file: checked, and split into what must be sealed and what may stand in clear."""

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
from shared.invisible import has_invisible
from shared.privacy import Nik, NoKk


@dataclass(slots=True)
class Row:
    """A row with its faults as (column, code). What identifies a person is apart from `data`, which may be stored."""

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
    """Check every field of a row; all its faults are reported, none of its values is repeated.

    Most rows have none: they are read in one go, by the same readers, and only the others column by column.
    """
    if is_plain("".join(fields)):
        try:
            return good_row(fields, today)
        except Fault:
            pass
    return checked_row(fields, today)


def is_plain(whole: str) -> bool:
    """Whether no text of a row needs a closer look."""
    return whole.isprintable() and len(whole) <= 1000 and "\ufffd" not in whole and not has_invisible(whole)


def good_row(fields: tuple[str, ...], today: date) -> Row:
    """Read a row without a fault; raise the first Fault."""
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
    """Read a business without a fault; raise the first Fault."""
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
    """Return how a NIK differs from the record; NIK are not corrected, so it is no reason to refuse."""
    birth, sex = row.data["birth"], row.data["sex"]
    if row.nik is None or not birth or not sex or row.nik.reveal()[6:12] == date_in_number(birth, sex):
        return []
    return [w.value for w in row.nik.warnings(sex=sex, birth_date=date.fromisoformat(birth))]


def checked_row(fields: tuple[str, ...], today: date) -> Row:
    """Read a row column by column, and note each fault."""
    row = Row()
    raw: dict[str, str] = dict(zip(COLUMNS, fields, strict=True))
    if not is_plain("".join(fields)):
        row.faults += text_faults(raw)
    take = Taker(raw, row.faults)
    row.no_kk = take("no_kk", lambda text: number(NoKk, text))
    row.nik = take("nik", lambda text: number(Nik, text))
    row.name = take("name", required) or ""
    row.address = take("address", address) or ""
    row.phone, row.nib = take("phone", phone) or "", take("usaha_nib", nib) or ""
    row.data = clear_values(take, today)
    row.warnings = warnings(row)
    return row


class Taker:
    """Reads one column after another; what cannot be taken is noted and read as None."""

    def __init__(self, raw: Mapping[str, str], faults: list[tuple[str, str]]) -> None:
        """Read from `raw`; note in `faults`. A column already at fault is not read."""
        self.raw, self.faults, self.bad = raw, faults, {column for column, _ in faults}

    def __call__(self, column: str, read: Callable[[str], Value]) -> Value | None:
        """Return what `read` makes of the column."""
        if column in self.bad:
            return None
        try:
            return read(self.raw[column])
        except Fault as fault:
            self.faults.append((column, str(fault)))
            return None


def text_faults(raw: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the columns that are too long, not UTF-8, or hold what is no text or cannot be seen."""
    found: list[tuple[str, str]] = []
    for column, text in raw.items():
        if "\ufffd" in text:
            found.append((column, "NOT_UTF8"))
        elif has_invisible(text):
            found.append((column, "INVISIBLE_CHARACTER"))
        elif not text.isprintable():
            found.append((column, "CONTROL_CHARACTER"))
        elif len(text) > LONGEST[column]:
            found.append((column, "TOO_LONG"))
    return found


def clear_values(take: Taker, today: date) -> dict[str, Any]:
    """Return the values that say nothing about who somebody is: codes, dates, counts."""
    return {
        "sex": take("sex", lambda text: one_of(Sex, text)),
        "birth": take("birth_date", lambda text: day_text(text, EARLIEST_BIRTH, today)),
        "relation": take("relation", lambda text: one_of(Relation, text)),
        "married": take("married", yes_or_no),
        "pengurus": take("pengurus", yes_or_no),
        "komponen": take("komponen", komponen),
        "kode": take("kode_wilayah", desa),
        "bansos": take("bansos", lambda text: bansos(text, today)),
        "desil": take("desil", desil),
        "pendamping_no": take("pendamping_no", pendamping_no),
        "usaha": usaha(take, today),
    }


def usaha(take: Taker, today: date) -> dict[str, Any] | None:
    """Return the member's business, or None without one; half of one is a fault."""
    named = [take.raw[column] for column in ("usaha_sector", "usaha_started_on", "usaha_omzet_rp")]
    if not any([*named, take.raw["usaha_nib"], take.raw["usaha_letter"]]):
        return None
    if not all(named):
        take.faults.append(("usaha_sector", "INCOMPLETE_USAHA"))
        return None
    return {
        "sector": take("usaha_sector", lambda text: one_of(UsahaSector, text)),
        "started_on": take("usaha_started_on", lambda text: day_text(text, EARLIEST_START, today)),
        "omzet_rp": take("usaha_omzet_rp", rupiah),
        "has_nib": bool(take.raw["usaha_nib"]),
        "has_letter": bool(take("usaha_letter", yes_or_no)),
    }
