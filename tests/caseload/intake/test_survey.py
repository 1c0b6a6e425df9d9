"""The survey of a file, and its parts read one after another."""

from collections import Counter
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.caseload.intake.commands.batch import Batch
from services.caseload.intake.commands.survey import MOST_MEMBERS, Survey
from services.caseload.intake.commands.window import Part, Place, Window, read_part
from services.caseload.intake.rules.csv_file import BLANK, COLUMNS, Record, read_header, records
from services.caseload.intake.rules.numbers import read_numbers
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


def survey(content: bytes, *, most_faults: int = 100) -> Survey:
    seen = Survey(read_header(content), most_faults)
    seen.read(content[seen.offset :], last=True)
    return seen


def cards(*numbers: int) -> set[int]:
    return {int(no_kk(number)) for number in numbers}


def test_file_of_adjacent_families_stages_nothing() -> None:
    seen = survey(build_csv(family(1), family(2, 4), family(3, 1)))
    assert (seen.cards_to_stage(), seen.rows, seen.faulty) == (set(), 7, [])


def test_card_with_rows_apart_is_staged() -> None:
    one, two = family(1, 3), family(2)
    assert survey(build_csv(one[:1], two, one[1:])).cards_to_stage() == cards(1)


@pytest.mark.parametrize("between", ["", ",,,", "junk", '"open'])
def test_blank_or_unreadable_row_between_rows_stages_the_card(between: str) -> None:
    lines = build_csv(family(1), family(2)).decode().splitlines()
    lines.insert(2, between)
    assert survey("\n".join(lines).encode()).cards_to_stage() == cards(1)


def test_card_with_too_many_rows_is_staged() -> None:
    rows = family(2, MOST_MEMBERS)
    assert survey(build_csv(family(1), rows)).cards_to_stage() == set()
    assert survey(build_csv(family(1), [*rows, rows[-1]])).cards_to_stage() == cards(2)


def test_both_cards_of_a_repeated_nik_are_staged() -> None:
    one, two, three = family(1), family(2), family(3)
    three[1]["nik"] = f"'{one[1]['nik'][:4]} {one[1]['nik'][4:]}"
    assert survey(build_csv(one, two, three)).cards_to_stage() == cards(1, 3)


def test_faulty_numbers_are_kept_up_to_the_limit() -> None:
    rows = family(1, 9)
    for row in rows:
        row["no_kk"] = "3.32401E+15"
    seen = survey(build_csv(rows), most_faults=3)
    assert (seen.faults, [record.row_no for record in seen.faulty]) == (4, [2, 3, 4, 5])


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Vault:
    folder: Path = tmp_path_factory.mktemp("keys")
    for name in ("data.key", "index.key", "cursor.key"):
        (folder / name).write_text("QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=\n")
        (folder / name).chmod(0o600)
    return Vault(folder, "caseload")


def read_all(vault: Vault, content: bytes, limit: int, size: int, staged: frozenset[int]) -> list[Window]:
    """Read a file in parts of `size` bytes."""
    header, place, windows = read_header(content), None, list[Window]()
    place = Place(header.begins_at, header.first_row)
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
    seen, header = survey(content), read_header(content)
    batch = Batch(vault, MOMENT)
    staged = set[int]()
    for record in records(content[header.begins_at :], header, header.begins_at, header.first_row, last=True):
        if record.fault == BLANK:
            continue
        card = read_numbers(record).no_kk
        if card and int(card.reveal()) in seen.cards_to_stage():
            staged.add(record.row_no)
        else:
            batch.take(record, batch.read(record))
    windows = read_all(vault, content, limit, size, frozenset(staged))
    families = [family for window in windows for family in window.families.values()]
    assert [row["row_no"] for family in families for row in family.rows] == [
        record.row_no for record, _ in batch.rows
    ]
    assert sum(window.batch.lost for window in windows) == batch.lost
    assert {*Counter(family.no_kk_index for family in families).values()} <= {1}
    rows = [(window.first_row, window.last_row) for window in windows]
    assert all(last + 1 == first for (_, last), (first, _) in pairwise(rows))
