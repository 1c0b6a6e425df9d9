"""Validation of one row of the file, split into personal data and other values.

A value is None where the cell is blank, which keeps what is recorded. `data["clear"]` names what HAPUS clears.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any

from services.caseload.family.rules import WARNED_FIELDS
from services.caseload.intake.rules.csv_file import COLUMNS, Record
from services.caseload.intake.rules.values import (
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
    married,
    name,
    nib,
    number,
    one_of,
    pendamping_no,
    phone,
    relation,
    rupiah,
    sex,
    yes_or_no,
)
from services.caseload.intake.rules.words import CLEAR
from shared.contracts.kinds import UsahaSector
from shared.fields import EARLIEST
from shared.privacy import Nik, NoKk
from shared.privacy.numbers import NumberWarning

CLEARED = {
    "address": "address",
    "phone": "phone",
    "komponen": "komponen",
    "usaha_nib": "nib",
    "usaha_sector": "usaha",
}
"""What HAPUS clears, by column."""
USAHA_COLUMNS = COLUMNS[15:]


@dataclass(slots=True)
class Row:
    """A validated row with its faults and warnings as (column, code).

    `data` has no personal data.
    """

    no_kk: NoKk | None = None
    nik: Nik | None = None
    name: str = ""
    address: str = ""
    phone: str = ""
    nib: str = ""
    data: dict[str, Any] = field(default_factory=dict[str, Any])
    faults: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    warnings: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])

    @property
    def leads(self) -> bool:
        """Whether address and phone may be read from this row."""
        return self.data.get("pengurus") is not False


def read_record(record: Record, today: date, latest: date) -> Row:
    """Return the row of a record, which may be unreadable."""
    return unreadable_row(record) if record.fault else read_row(record.fields, today, latest)


def unreadable_row(record: Record) -> Row:
    """Return an unreadable row, with its No. KK if that is readable."""
    row = Row(faults=[("", record.fault or "UNREADABLE_ROW")])
    if record.fields:
        try:
            row.no_kk = card(record.fields[0])
        except Fault as fault:
            row.faults.append(("no_kk", str(fault)))
    return row


def add_numbers(row: Row, read_column: "ColumnReader") -> None:
    """Set No. KK and NIK of a row."""
    row.no_kk = read_column("no_kk", card)
    row.nik = read_column("nik", lambda text: number(Nik, text) if text else None)


def read_row(fields: tuple[str, ...], today: date, latest: date) -> Row:
    """Validate all fields of a row and collect its faults.

    `latest` is the last day of births and starts of businesses, `today` that of memberships
    (docs/case-lifecycle.md#time).
    """
    # Fast path: most rows have no fault and are read at once. Only the others are read column by column.
    whole = "".join(fields)
    if is_plain(whole) and CLEAR not in whole.upper():
        try:
            return good_row(fields, today, latest)
        except Fault:
            pass
    return checked_row(fields, today, latest)


def is_plain(whole: str) -> bool:
    """Return whether a row has only printable characters and a normal length."""
    return whole.isprintable() and len(whole) <= 1000 and "\ufffd" not in whole


def good_row(fields: tuple[str, ...], today: date, latest: date) -> Row:
    """Read a row, or raise its first Fault."""
    no_kk, nik, called, gender, birth, kin, status, head, entitled, kode = fields[:10]
    where, calling, aid, ranks, placed = fields[10:15]
    data = {
        "sex": sex(gender),
        "birth": day_text(birth, EARLIEST, latest),
        "relation": relation(kin),
        "married": married(status),
        "pengurus": yes_or_no(head),
        "komponen": komponen(entitled),
        "kode": desa(kode),
        "bansos": bansos(aid, today),
        "desil": desil(ranks),
        "pendamping_no": pendamping_no(placed),
        "usaha": good_usaha(fields[15:], latest) if any(fields[15:]) else None,
    }
    row = Row(card(no_kk), number(Nik, nik) if nik else None, name(called), address(where))
    row.nib, row.data = nib(fields[18]), data
    require_identity(row)
    add_phone(row, calling)
    add_number_warnings(row)
    return row


def good_usaha(fields: tuple[str, ...], latest: date) -> dict[str, Any]:
    """Read a business, or raise its first Fault."""
    sector, started, omzet, own_nib, letter = fields
    return {
        "sector": one_of(UsahaSector, sector),
        "started_on": day_text(started, EARLIEST, latest),
        "omzet_rp": rupiah(omzet),
        "has_nib": True if own_nib else None,
        "has_letter": yes_or_no(letter),
    }


def require_identity(row: Row) -> None:
    """Raise Fault for a row that identifies nobody."""
    if row.nik is None and not (row.name and row.data["birth"]):
        raise Fault("REQUIRED")


def add_phone(row: Row, text: str) -> None:
    """Set the phone of a row, or warn that it cannot be used."""
    if not text or not row.leads:
        return
    usable = phone(text)
    row.phone = usable or ""
    if usable is None:
        row.warnings.append(("phone", "PHONE_UNUSABLE"))


def add_number_warnings(row: Row) -> None:
    """Add what is odd about the numbers. It is no refusal, because such numbers exist."""
    birth, gender = row.data["birth"], row.data["sex"]
    if row.data["pengurus"] and row.no_kk is not None and is_odd_card(row.no_kk):
        row.warnings.append(("no_kk", NumberWarning.ISSUE_DATE_IMPOSSIBLE.value))
    if row.nik is None or (birth and gender and row.nik.reveal()[6:12] == date_in_number(birth, gender)):
        return
    born = date.fromisoformat(birth) if birth else None
    odd = row.nik.warnings(sex=gender, birth_date=born)
    row.warnings += [(WARNED_FIELDS[warning], warning.value) for warning in odd]


@lru_cache(maxsize=8)
def is_odd_card(no_kk: NoKk) -> bool:
    """Return whether digits 7 to 12 of a No. KK are no date."""
    return bool(no_kk.warnings())


def checked_row(fields: tuple[str, ...], today: date, latest: date) -> Row:
    """Read a row column by column and collect its faults."""
    row = Row()
    raw: dict[str, str] = dict(zip(COLUMNS, fields, strict=True))
    if not is_plain("".join(fields)):
        row.faults += text_faults(raw)
    clear = take_cleared(raw, row.faults)
    read_column = ColumnReader(raw, row.faults)
    add_numbers(row, read_column)
    row.name = read_column("name", name) or ""
    row.address = read_column("address", address) or ""
    row.nib = read_column("usaha_nib", nib) or ""
    row.data = read_clear_values(read_column, today, latest)
    if "komponen" in clear:
        row.data["komponen"] = []
    if clear:
        row.data["clear"] = clear
    if not raw["nik"] and not (row.name and raw["birth_date"]):
        row.faults.append(("nik", "REQUIRED"))
    if "phone" not in read_column.bad:
        add_phone(row, raw["phone"])
    add_number_warnings(row)
    return row


def take_cleared(raw: dict[str, str], faults: list[tuple[str, str]]) -> list[str]:
    """Return what HAPUS clears, and blank these cells. HAPUS in another column is a fault."""
    columns = [column for column, text in raw.items() if text.upper() == CLEAR]
    clear = [CLEARED[column] for column in columns if column in CLEARED]
    for column in columns:
        raw[column] = ""
        if column not in CLEARED and not (column in USAHA_COLUMNS and "usaha" in clear):
            faults.append((column, "CANNOT_BE_CLEARED"))
    if "usaha" in clear:
        raw.update(dict.fromkeys(USAHA_COLUMNS, ""))
    return clear


class ColumnReader:
    """Reader of single columns. It collects faults and returns None for a faulty column."""

    def __init__(self, raw: Mapping[str, str], faults: list[tuple[str, str]]) -> None:
        """Read from `raw` and append to `faults`.

        A column that has a fault is not read.
        """
        self.raw, self.faults, self.bad = raw, faults, {column for column, _ in faults}

    def __call__(self, column: str, read: Callable[[str], Value]) -> Value | None:
        """Return the column's value, or None with its fault noted."""
        if column in self.bad:
            return None
        try:
            return read(self.raw[column])
        except Fault as fault:
            self.faults.append((column, str(fault)))
            return None


def text_faults(raw: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return faults of too long texts, invalid UTF-8 and control characters."""
    faults: list[tuple[str, str]] = []
    for column, text in raw.items():
        if "\ufffd" in text:
            faults.append((column, "NOT_UTF8"))
        elif not text.isprintable():
            faults.append((column, "CONTROL_CHARACTER"))
        elif len(text) > LONGEST[column]:
            faults.append((column, "TOO_LONG"))
    return faults


def read_clear_values(read_column: ColumnReader, today: date, latest: date) -> dict[str, Any]:
    """Return the values that are not personal data: codes, dates and counts."""
    return {
        "sex": read_column("sex", sex),
        "birth": read_column("birth_date", lambda text: day_text(text, EARLIEST, latest)),
        "relation": read_column("relation", relation),
        "married": read_column("married", married),
        "pengurus": read_column("pengurus", yes_or_no),
        "komponen": read_column("komponen", komponen),
        "kode": read_column("kode_wilayah", desa),
        "bansos": read_column("bansos", lambda text: bansos(text, today)),
        "desil": read_column("desil", desil),
        "pendamping_no": read_column("pendamping_no", pendamping_no),
        "usaha": read_usaha(read_column, latest),
    }


def read_usaha(read_column: ColumnReader, latest: date) -> dict[str, Any] | None:
    """Return the member's business, or None if all its cells are blank."""
    if not any(read_column.raw[column] for column in USAHA_COLUMNS):
        return None
    return {
        "sector": read_column("usaha_sector", lambda text: one_of(UsahaSector, text)),
        "started_on": read_column("usaha_started_on", lambda text: day_text(text, EARLIEST, latest)),
        "omzet_rp": read_column("usaha_omzet_rp", rupiah),
        "has_nib": True if read_column.raw["usaha_nib"] else None,
        "has_letter": read_column("usaha_letter", yes_or_no),
    }
