"""The numbers of a row, without its other values."""

from services.caseload.intake.rules.csv_file import Record
from services.caseload.intake.rules.row import (
    ColumnReader,
    Row,
    add_numbers,
    is_plain,
    take_cleared,
    text_faults,
    unreadable_row,
)
from services.caseload.intake.rules.values import Fault, card, number
from shared.privacy import Nik

DIGITS = 16


def read_plain_numbers(no_kk: str, nik: str) -> Row | None:
    """Return the numbers if they are two times sixteen digits without a fault."""
    # Fast path: nearly every row, in a third of the time (bench: intake).
    both = no_kk + nik
    if not (len(no_kk) == len(nik) == DIGITS and both.isascii() and both.isdigit()):
        return None
    try:
        return Row(card(no_kk), number(Nik, nik))
    except Fault:
        return None


def read_numbers(record: Record) -> Row:
    """Return a row that has only its numbers and their faults, as `read_record` reads them."""
    if record.fault:
        return unreadable_row(record)
    if read := read_plain_numbers(*record.fields[:2]):
        return read
    row, raw = Row(), {"no_kk": record.fields[0], "nik": record.fields[1]}
    if not is_plain("".join(record.fields)):
        row.faults += text_faults(raw)
    take_cleared(raw, row.faults)
    add_numbers(row, ColumnReader(raw, row.faults))
    return row
