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


def read_numbers(record: Record) -> Row:
    """Return a row that has only its numbers and their faults, as `read_record` reads them."""
    if record.fault:
        return unreadable_row(record)
    row, raw = Row(), {"no_kk": record.fields[0], "nik": record.fields[1]}
    if not is_plain("".join(record.fields)):
        row.faults += text_faults(raw)
    take_cleared(raw, row.faults)
    add_numbers(row, ColumnReader(raw, row.faults))
    return row
