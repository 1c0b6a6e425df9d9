"""The survey of a file, and its parts read one after another."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.caseload.intake.commands.batch import Batch
from services.caseload.intake.commands.survey import MOST_MEMBERS, Survey
from services.caseload.intake.commands.window import Part, Place, ReadAhead, Window, key_of, read_part
from services.caseload.intake.rules.csv_file import (
    BLANK,
    COLUMNS,
    LONGEST_RECORD,
    Record,
    read_header,
    records,
)
from services.caseload.intake.rules.numbers import plain_numbers, read_numbers
from services.caseload.intake.rules.row import read_record
from shared.clock import Moment
from shared.privacy import Vault
from tests.factories.caseload.intake import build_csv, family, nik, no_kk

TODAY = date(2026, 3, 1)
MOMENT = Moment(datetime(2026, 3, 1, tzinfo=UTC), TODAY)
JOB = UUID(int=1)
HEAD = ",".join(COLUMNS)
NUMBERS = st.sampled_from(
    [
        nik(1),
        no_kk(1),
        no_kk(2),
        "3324 0101 0119 9001",
        "3.32401E+15",
        "9924010101199001",
        "HAPUS",
        "",
        "x\x00",
        "é",
    ]
)
CELLS = st.sampled_from(
    ["", "x", "HAPUS", "L", "1987-11-12", "y" * 1100, "\ufffd", "\x07", DESA := "33.24.09.2011"]
)


@given(st.lists(CELLS, min_size=20, max_size=20), NUMBERS, NUMBERS)
def test_numbers_are_those_of_the_whole_row(cells: list[str], card: str, person: str) -> None:
    record = Record(2, 1, 10, (card, person, *cells[2:]))
    whole, numbers = read_record(record, TODAY, TODAY), read_numbers(record)
    assert [one and one.reveal() for one in (numbers.no_kk, numbers.nik)] == [
        one and one.reveal() for one in (whole.no_kk, whole.nik)
    ]
    assert Counter(numbers.faults) <= Counter(whole.faults)
    if plain := plain_numbers(record):
        assert plain == tuple(one and one.reveal() for one in (whole.no_kk, whole.nik))


@pytest.mark.parametrize(
    ("card", "person"),
    [(no_kk(1), "9924010101199001"), ("9924010101199001", nik(1)), (no_kk(1)[:12] + "0000", nik(1))],
)
def test_faulty_numbers_are_not_plain(card: str, person: str) -> None:
    fields = ("", *[""] * 17)
    assert plain_numbers(Record(2, 1, 10, (no_kk(1), nik(1), *fields))) == (no_kk(1), nik(1))
    assert plain_numbers(Record(2, 1, 10, (card, person, *fields))) is None
    assert plain_numbers(Record(2, 1, 10, (card, person[:12] + "0000", *fields))) is None


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Vault:
    folder: Path = tmp_path_factory.mktemp("keys")
    for name in ("data.key", "index.key", "cursor.key"):
        (folder / name).write_text("QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=\n")
        (folder / name).chmod(0o600)
    return Vault(folder, "caseload")


def survey(vault: Vault, content: bytes, *, most_faults: int = 100) -> Survey:
    numbers = Survey(read_header(content), most_faults)
    numbers.read(content[numbers.offset :], vault, last=True)
    return numbers


def cards(vault: Vault, *families: int) -> set[bytes]:
    return {vault.index("no_kk", no_kk(number)) for number in families}


def test_file_of_adjacent_families_stages_nothing(vault: Vault) -> None:
    numbers = survey(vault, build_csv(family(1), family(2, 4), family(3, 1)))
    assert (numbers.cards_to_stage, numbers.rows, numbers.faulty) == (set(), 7, [])


def test_card_with_rows_apart_is_staged(vault: Vault) -> None:
    one, two = family(1, 3), family(2)
    assert survey(vault, build_csv(one[:1], two, one[1:])).cards_to_stage == cards(vault, 1)


@pytest.mark.parametrize("between", ["", ",,,", "junk", '"open'])
def test_blank_or_unreadable_row_between_rows_stages_the_card(vault: Vault, between: str) -> None:
    lines = build_csv(family(1), family(2)).decode().splitlines()
    lines.insert(2, between)
    assert survey(vault, "\n".join(lines).encode()).cards_to_stage == cards(vault, 1)


def test_card_with_too_many_rows_is_staged(vault: Vault) -> None:
    rows = family(2, MOST_MEMBERS)
    assert survey(vault, build_csv(family(1), rows)).cards_to_stage == set()
    assert survey(vault, build_csv(family(1), [*rows, rows[-1]])).cards_to_stage == cards(vault, 2)


def test_both_cards_of_a_repeated_nik_are_staged(vault: Vault) -> None:
    one, two, three = family(1), family(2), family(3)
    three[1]["nik"] = f"'{one[1]['nik'][:4]} {one[1]['nik'][4:]}"
    assert survey(vault, build_csv(one, two, three)).cards_to_stage == cards(vault, 1, 3)


def test_faulty_numbers_are_kept_up_to_the_limit(vault: Vault) -> None:
    rows = family(1, 9)
    for row in rows:
        row["no_kk"] = "3.32401E+15"
    numbers = survey(vault, build_csv(rows), most_faults=3)
    assert (numbers.faults, [record.row_no for record in numbers.faulty]) == (4, [2, 3, 4, 5])


def read_all(vault: Vault, content: bytes, limit: int, size: int, staged: frozenset[int]) -> list[Window]:
    """Read a file in parts of `size` bytes."""
    header, windows = read_header(content), list[Window]()
    place: Place | None = Place(header.begins_at, header.first_row)
    while place:
        end = place.offset + size
        window, last = content[place.offset : end], end >= len(content)
        windows.append(read_part(vault, Part(JOB, place, MOMENT, header, window, last, staged), limit))
        place = windows[-1].next
    return windows


@given(
    st.lists(st.integers(1, 5), min_size=1, max_size=12),
    st.lists(st.tuples(st.integers(0, 60), st.sampled_from(["", "junk", "2,3"])), max_size=4),
    st.integers(1, 9),
    st.integers(1_200, 4_000),
)
def test_parts_hold_complete_families_and_each_row_once(
    vault: Vault, sizes: list[int], others: list[tuple[int, str]], limit: int, size: int
) -> None:
    lines = build_csv(*(family(number, of) for number, of in enumerate(sizes))).decode().splitlines()
    for at, line in others:
        lines.insert(1 + at % len(lines), line)
    content = "\n".join(lines).encode()
    numbers, header = survey(vault, content), read_header(content)
    batch = Batch(vault, MOMENT)
    staged = set[int]()
    for record in records(content[header.begins_at :], header, header.begins_at, header.first_row, last=True):
        if record.fault == BLANK:
            continue
        card = read_numbers(record).no_kk
        if card and vault.index("no_kk", card) in (numbers.cards_to_stage or ()):
            staged.add(record.row_no)
        else:
            batch.add(record, batch.read(record))
    windows = read_all(vault, content, limit, size, frozenset(staged))
    families = [family for window in windows for family in window.families.values()]
    assert [row["row_no"] for family in families for row in family.rows] == [
        record.row_no for record, _ in batch.rows
    ]
    assert sum(window.batch.lost for window in windows) == batch.lost
    assert {*Counter(family.no_kk_index for family in families).values()} <= {1}
    rows = [(window.first_row, window.last_row) for window in windows]
    assert all(last + 1 == first for (_, last), (first, _) in pairwise(rows))


def test_long_line_ends_at_the_same_byte_in_every_window(vault: Vault) -> None:
    lines = build_csv(*(family(number, 4) for number in range(60))).decode().splitlines()
    lines.insert(100, "x" * 3 * LONGEST_RECORD)
    lines.insert(50, '"open ' + "y" * 2 * LONGEST_RECORD)
    content = "\n".join(lines).encode()
    whole = [row_of(window) for window in read_all(vault, content, 10_000, len(content), frozenset())]
    for size in range(3 * LONGEST_RECORD, 3 * LONGEST_RECORD + 10_000, 701):
        parts = [row_of(window) for window in read_all(vault, content, 30, size, frozenset())]
        assert [row for rows in parts for row in rows] == whole[0]


def test_rows_of_one_card_have_its_index(vault: Vault) -> None:
    (window,) = read_all(vault, build_csv(family(1, 3), family(2)), 10, 10_000, frozenset())
    assert [len(part.rows) for part in window.families.values()] == [3, 2]
    assert {*window.families} == cards(vault, 1, 2)


def row_of(window: Window) -> list[tuple[int, bytes]]:
    return [(row["row_no"], row["digest"]) for family in window.families.values() for row in family.rows]


def test_part_without_a_complete_family_is_an_error(vault: Vault) -> None:
    content = build_csv(family(1, 4), family(2))
    with pytest.raises(RuntimeError, match="no complete family"):
        read_all(vault, content, 10, 300, frozenset())


def test_part_read_ahead_is_taken_only_at_its_place_and_day(vault: Vault) -> None:
    content = build_csv(family(1))
    header, ahead = read_header(content), ReadAhead()
    place = Place(header.begins_at, header.first_row)
    part = Part(JOB, place, MOMENT, header, content[header.begins_at :], last=True, staged=frozenset())
    tomorrow = Moment(MOMENT.at + timedelta(days=1), MOMENT.on + timedelta(days=1))
    for other in (
        key_of(UUID(int=2), place, MOMENT),
        key_of(JOB, Place(1, 1), MOMENT),
        key_of(JOB, place, tomorrow),
    ):
        ahead.start(vault, part, 10)
        assert ahead.take(other) is None
        assert ahead.take(key_of(JOB, place, MOMENT)) is None
    ahead.start(vault, part, 10)
    reading = ahead.take(key_of(JOB, place, MOMENT))
    assert reading is not None
    assert len(reading.result().families) == 1
    ahead.thread.shutdown()
