"""Reader of a CSV file in windows of its sealed chunks.

A step can continue at any byte, and no clear text is stored. It accepts UTF-8 with or without BOM, LF or CRLF, `,` or
`;`, and refuses anything else with a named error.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from services.caseload.intake.errors import (
    ColumnsMissing,
    ColumnsRepeated,
    ColumnsUnknown,
    FileEmpty,
    FileNotText,
    HeaderTooLong,
)

COLUMNS = (
    "no_kk",
    "nik",
    "name",
    "sex",
    "birth_date",
    "relation",
    "married",
    "pengurus",
    "komponen",
    "kode_wilayah",
    "address",
    "phone",
    "bansos",
    "desil",
    "pendamping_no",
    "usaha_sector",
    "usaha_started_on",
    "usaha_omzet_rp",
    "usaha_nib",
    "usaha_letter",
)
BOM = b"\xef\xbb\xbf"
LONGEST_HEADER = 4096
MOST_LINES = 6
LONGEST_RECORD = 16_384
BLANK = "BLANK"


@dataclass(frozen=True, slots=True)
class Header:
    """Positions of the columns, the delimiter, and the byte at which the rows begin."""

    positions: tuple[int, ...]
    width: int
    delimiter: str
    begins_at: int


class Record(NamedTuple):
    """One row with its number in the file, where the header is 1."""

    row_no: int
    lines: int
    ends_at: int
    fields: tuple[str, ...]
    fault: str | None = None


def read_header(start: bytes) -> Header:
    """Return the header of a file from its first bytes.

    Raises:
        FileEmpty, FileNotText, HeaderTooLong, ColumnsMissing, ColumnsRepeated, ColumnsUnknown.
    """
    require_text_file(start)
    body = start.removeprefix(BOM)
    line, newline, _ = body.partition(b"\n")
    if not line.strip():
        raise FileEmpty("/body/sha256")
    if len(line) > LONGEST_HEADER:
        raise HeaderTooLong("/body/sha256")
    try:
        text = line.decode("utf-8").rstrip("\r")
    except UnicodeDecodeError:
        raise FileNotText("/body/sha256", detected="not UTF-8") from None
    delimiter = ";" if text.count(";") > text.count(",") else ","
    names = [name.strip().strip('"').strip().lower() for name in text.split(delimiter)]
    check_names(names)
    begins_at = len(start) - len(body) + len(line) + len(newline)
    return Header(tuple(names.index(column) for column in COLUMNS), len(names), delimiter, begins_at)


def require_text_file(start: bytes) -> None:
    """Raise FileNotText with the detected format for files that are not CSV."""
    signatures = {
        b"\xff\xfe": "UTF-16",
        b"\xfe\xff": "UTF-16",
        b"PK\x03\x04": "a spreadsheet or ZIP file",
        b"\xd0\xcf\x11\xe0": "an old spreadsheet",
        b"%PDF": "a PDF",
    }
    for signature, detected in signatures.items():
        if start.startswith(signature):
            raise FileNotText("/body/sha256", detected=detected)
    if b"\x00" in start[:LONGEST_HEADER].partition(b"\n")[0]:
        raise FileNotText("/body/sha256", detected="NUL bytes, perhaps UTF-16")


def check_names(names: list[str]) -> None:
    """Raise ColumnsRepeated, ColumnsMissing or ColumnsUnknown for an invalid header."""
    repeated = [column for column in COLUMNS if names.count(column) > 1]
    if repeated:
        raise ColumnsRepeated("/body/sha256", columns=", ".join(repeated))
    missing = [column for column in COLUMNS if column not in names]
    if missing:
        raise ColumnsMissing("/body/sha256", columns=", ".join(missing))
    # Unknown names are counted and not repeated, because they may be personal data.
    if unknown := len(names) - len(COLUMNS):
        raise ColumnsUnknown("/body/sha256", count=unknown)


def records(window: bytes, header: Header, offset: int, row_no: int, *, last: bool) -> Iterator[Record]:
    """Yield the complete rows of a window, also blank ones.

    The window starts at byte `offset` of the file with row `row_no`. A row that its end may cut is not yielded
    unless the
    window is the `last` one.
    """
    place = 0
    while place < len(window):
        end, lines = find_record_end(window, place, last=last)
        if end is None:
            return
        text = window[place:end]
        place = end
        blank = not text.strip(b" \t\r\n,;")
        position = (row_no, lines, offset + end)
        yield Record(*position, (), BLANK) if blank else parse_record(text, header, position)
        row_no += lines


def find_record_end(window: bytes, place: int, *, last: bool) -> tuple[int | None, int]:
    """Return the end of the row at `place` and its number of lines.

    The end is None if the window cuts the row.
    A row with an unclosed quote ends with its first line, so that a faulty row does not include the rows after it.
    """
    end = first = place
    for lines in range(1, MOST_LINES + 1):
        newline = window.find(b"\n", end)
        if newline < 0 and not last and len(window) - place <= LONGEST_RECORD:
            return None, 0
        end = newline + 1 if newline >= 0 else len(window)
        first = end if lines == 1 else first
        if window.count(b'"', place, end) % 2 == 0:
            return end, lines
        if newline < 0:
            break
    return first, 1


def parse_record(text: bytes, header: Header, place: tuple[int, int, int]) -> Record:
    """Parse one row. An unreadable row has a fault instead of fields."""
    if len(text) > LONGEST_RECORD:
        return Record(*place, (), "UNREADABLE_ROW")
    line = text.decode("utf-8", "replace").rstrip("\r\n").replace("\xa0", " ")
    if '"' in line:
        try:
            values = next(csv.reader([line], delimiter=header.delimiter, strict=True))
        except (csv.Error, StopIteration):
            return Record(*place, (), "UNREADABLE_ROW")
    else:
        values = line.split(header.delimiter)
    if len(values) != header.width:
        no_kk = values[header.positions[0]] if header.positions[0] < len(values) else ""
        return Record(*place, (no_kk.strip(),), "WRONG_NUMBER_OF_FIELDS")
    return Record(*place, tuple([values[position].strip() for position in header.positions]))
