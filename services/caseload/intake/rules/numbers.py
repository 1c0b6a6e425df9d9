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
from services.caseload.intake.rules.values import card
from shared.privacy import Nik
from shared.privacy.masked_number import PROVINCES

DIGITS = 16
NO_SERIAL = "0000"


def plain_numbers(record: Record) -> tuple[str, str] | None:
    """Return No. KK and NIK if they are two times sixteen digits without a fault."""
    # Fast path: nearly every row, in a third of the time (bench: intake).
    if record.fault:
        return None
    no_kk, nik = record.fields[:2]
    both = no_kk + nik
    if not (len(no_kk) == len(nik) == DIGITS and both.isascii() and both.isdigit()):
        return None
    if no_kk[:2] not in PROVINCES or nik[:2] not in PROVINCES or NO_SERIAL in {no_kk[-4:], nik[-4:]}:
        return None
    return no_kk, nik


def read_numbers(record: Record) -> Row:
    """Return a row that has only its numbers and their faults, as `read_record` reads them."""
    if record.fault:
        return unreadable_row(record)
    if plain := plain_numbers(record):
        return Row(card(plain[0]), Nik(plain[1]))
    row, raw = Row(), {"no_kk": record.fields[0], "nik": record.fields[1]}
    if not is_plain("".join(record.fields)):
        row.faults += text_faults(raw)
    take_cleared(raw, row.faults)
    add_numbers(row, ColumnReader(raw, row.faults))
    return row
