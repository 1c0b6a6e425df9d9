"""Reader of a CSV file in windows of its sealed chunks.

A step can continue at any byte, and no clear text is stored. It accepts UTF-8 with or without BOM, any line ends, `,`,
`;` or tabs, a first line `sep=;`, title lines above the header, and empty columns. It refuses anything else with a named
error.
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import NamedTuple

from services.caseload.intake.errors import (
    ColumnsMissing,
    ColumnsRepeated,
    ColumnsUnknown,
    FileEmpty,
    FileNotText,
    HeaderTooLong,
)
from shared.text import join_lines

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
MOST_TITLE_LINES = 20
MOST_LINES = 6
LONGEST_RECORD = 16_384
BLANK = "BLANK"
DELIMITERS = (",", ";", "\t")
SEPARATOR_LINE = re.compile(r'"?sep=([,;\t])"?[,;\t ]*', re.IGNORECASE)
# What marks a cell as text in a spreadsheet: ="3324…" or an apostrophe, also a curly one, before a number.
APOSTROPHES = "'\u2018\u2019"
TEXT_MARK = re.compile(rf'="(.*)"|[{APOSTROPHES}](?=[0-9+(])(.*)', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Header:
    """Positions of the columns, the delimiter, line ends, and where the rows begin.

    `unnamed` are the positions of columns without a name, whose cells must be empty.
    """

    positions: tuple[int, ...]
    width: int
    delimiter: str
    newline: bytes
    begins_at: int
    first_row: int
    unnamed: tuple[int, ...] = ()


class Record(NamedTuple):
    """One row with its number, which is the line of the file."""

    row_no: int
    lines: int
    ends_at: int
    fields: tuple[str, ...]
    fault: str | None = None


def read_header(start: bytes) -> Header:
    """Return the header of a file from its first bytes.

    Title lines above it are skipped. A file without a header has its first line reported.

    Raises:
        FileEmpty, FileNotText, HeaderTooLong, ColumnsMissing, ColumnsRepeated, ColumnsUnknown.
    """
    require_text_file(start)
    body = start.removeprefix(BOM)
    lines = body[: LONGEST_HEADER * MOST_TITLE_LINES].splitlines(keepends=True)[:MOST_TITLE_LINES]
    first = next((number for number, line in enumerate(lines) if line.strip()), None)
    if first is None:
        raise FileEmpty("/body/sha256")
    delimiter = separator_of(lines[first])
    if delimiter:
        first = min(first + 1, len(lines) - 1)
    number = next((n for n in range(first, len(lines)) if is_header(lines[n], delimiter)), None)
    if number is None:
        # The first line may name another separator than the file has.
        delimiter = ""
        number = next((n for n in range(first, len(lines)) if is_header(lines[n], delimiter)), first)
    line = lines[number]
    if len(line) > LONGEST_HEADER:
        raise HeaderTooLong("/body/sha256")
    names = split_names(line, delimiter)
    check_names(names)
    before = sum(len(line) for line in lines[: number + 1])
    return Header(
        positions=tuple(names.index(column) for column in COLUMNS),
        width=len(names),
        delimiter=delimiter or delimiter_of(line),
        newline=b"\r" if line.endswith(b"\r") else b"\n",
        begins_at=len(start) - len(body) + before,
        first_row=number + 2,
        unnamed=tuple(position for position, name in enumerate(names) if not name),
    )


def separator_of(line: bytes) -> str:
    """Return the delimiter that a first line names, or an empty text."""
    match = SEPARATOR_LINE.fullmatch(line.decode("utf-8", "replace").rstrip("\r\n"))
    return match[1] if match else ""


def is_header(line: bytes, delimiter: str) -> bool:
    """Return whether a line names the two columns of numbers."""
    return len(line) <= LONGEST_HEADER and {"no_kk", "nik"} <= set(split_names(line, delimiter))


def delimiter_of(line: bytes) -> str:
    """Return the delimiter that a header has most often."""
    return max(DELIMITERS, key=lambda delimiter: line.count(delimiter.encode()))


def split_names(line: bytes, delimiter: str) -> list[str]:
    """Return the names of a header, without the empty columns at its right.

    Raises:
        FileNotText
    """
    try:
        text = line.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        raise FileNotText("/body/sha256", detected="not UTF-8") from None
    cells = text.split(delimiter or delimiter_of(line))
    names = [re.sub(r"[^a-z0-9]+", "_", cell.lower()).strip("_") for cell in cells]
    while names and not names[-1]:
        names.pop()
    return names


def require_text_file(start: bytes) -> None:
    """Raise FileNotText with the detected format for the other kinds of files that are accepted."""
    signatures = {
        b"%PDF": "a PDF",
        b"\xff\xd8\xff": "a photograph",
        b"\x89PNG": "a picture",
        b"RIFF": "a picture",
    }
    for signature, detected in signatures.items():
        if start.startswith(signature):
            raise FileNotText("/body/sha256", detected=detected)


def check_names(names: list[str]) -> None:
    """Raise ColumnsRepeated, ColumnsMissing or ColumnsUnknown for an invalid header."""
    repeated = [column for column in COLUMNS if names.count(column) > 1]
    if repeated:
        raise ColumnsRepeated("/body/sha256", columns=repeated)
    missing = [column for column in COLUMNS if column not in names]
    if missing:
        raise ColumnsMissing("/body/sha256", columns=missing)
    # Unknown names are counted and not repeated, because they may be personal data.
    if unknown := len([name for name in names if name]) - len(COLUMNS):
        raise ColumnsUnknown("/body/sha256", count=unknown)


def records(window: bytes, header: Header, offset: int, row_no: int, *, last: bool) -> Iterator[Record]:
    """Yield the complete rows of a window, also blank ones.

    The window starts at byte `offset` of the file with row `row_no`. A row that its end may cut is not yielded
    unless the window is the `last` one.
    """
    place = 0
    while place < len(window):
        end, lines = find_record_end(window, place, header.newline, last=last)
        if end is None:
            return
        text = window[place:end]
        place = end
        blank = not text.strip(b' \t\r\n,;"')
        position = (row_no, lines, offset + end)
        yield Record(*position, (), BLANK) if blank else parse_record(text, header, position)
        row_no += lines


def find_record_end(window: bytes, place: int, newline: bytes, *, last: bool) -> tuple[int | None, int]:
    """Return the end of the row at `place` and its number of lines.

    The end is None if the window cuts the row.
    A row with an unclosed quote ends with its first line, so that a faulty row does not include the rows after it.
    """
    end = first = place
    # A row ends at the same byte whatever the window, because a file is read several times in different windows.
    limit = place + LONGEST_RECORD + 1
    for lines in range(1, MOST_LINES + 1):
        line_end = window.find(newline, end, limit)
        if line_end < 0 and not last and len(window) < limit:
            return None, 0
        end = line_end + 1 if line_end >= 0 else min(limit, len(window))
        first = end if lines == 1 else first
        if window.count(b'"', place, end) % 2 == 0:
            return end, lines
        if line_end < 0:
            break
    return first, 1


def parse_record(text: bytes, header: Header, place: tuple[int, int, int]) -> Record:
    """Parse one row. An unreadable row has a fault instead of fields."""
    if len(text) > LONGEST_RECORD:
        return Record(*place, (), "UNREADABLE_ROW")
    line = text.decode("utf-8", "replace").rstrip("\r\n")
    delimiter = header.delimiter
    values = split_cells(line, delimiter)
    if values is None:
        return Record(*place, (), "UNREADABLE_ROW")
    if len(values) == 1:
        delimiter, values = split_whole(values[0], header)
    if len(values) > header.width and not any(cell.strip() for cell in values[header.width :]):
        values = values[: header.width]
    unnamed = any(values[position].strip() for position in header.unnamed if position < len(values))
    if len(values) != header.width or unnamed:
        no_kk = values[header.positions[0]] if header.positions[0] < len(values) else ""
        return Record(*place, (no_kk.strip(),), "WRONG_NUMBER_OF_FIELDS")
    cells = in_order(header.positions)(values)
    # Fast path: nearly every row is plain, and its cells need no look at each (bench: intake).
    if not is_plain_line(line, delimiter):
        cells = tuple(map(clean_cell, cells))
    elif '"' in line or line[:1] == " " or line[-1:] == " ":
        cells = tuple(map(str.strip, cells))
    return Record(*place, cells)


@lru_cache(maxsize=8)
def in_order(positions: tuple[int, ...]) -> "itemgetter[tuple[str, ...]]":
    """Return a function that takes the cells of these positions."""
    return itemgetter(*positions)


def split_whole(line: str, header: Header) -> tuple[str, list[str]]:
    """Split a row that is one cell: in quotes, or with another delimiter."""
    for delimiter in DELIMITERS:
        values = split_cells(line, delimiter)
        if values is not None and len(values) == header.width:
            return delimiter, values
    return header.delimiter, [line]


def is_plain_line(line: str, delimiter: str) -> bool:
    """Return whether no cell of a row needs to be cleaned."""
    return (
        line.isascii()
        and line.isprintable()
        and "  " not in line
        and "=" not in line
        and "'" not in line
        and f"{delimiter}-" not in line
        and f"{delimiter} " not in line
        and f" {delimiter}" not in line
    )


def split_cells(line: str, delimiter: str) -> list[str] | None:
    """Return the cells of a row, None if its quotes cannot be read."""
    if '"' not in line:
        return line.split(delimiter)
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True))
    except (csv.Error, StopIteration):
        return None


def clean_cell(cell: str) -> str:
    """Return a cell as one line, without what a spreadsheet uses to mark a text."""
    cell = join_lines(cell)
    if cell[:1] in {"=", *APOSTROPHES} and (match := TEXT_MARK.fullmatch(cell)):
        return (match[1] or match[2] or "").strip()
    return "" if cell in {"-", "--"} else cell
