"""Each noun of a refusal has an Indonesian word."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.words import NOUNS, noun_in_both
from tests.factories.repository import ROOT

# Where the noun stands in a call without a keyword.
POSITIONS = {
    "NotFound": 0,
    "NotYetKnown": 0,
    "IllegalTransition": 0,
    "noun_in_both": 0,
    "load": 3,
    "read": 3,
    "require_move": 3,
}


def find_nouns(source: str) -> Iterator[str]:
    """Yield the nouns that a module names in calls."""
    for call in ast.walk(ast.parse(source)):
        if not isinstance(call, ast.Call):
            continue
        place = POSITIONS.get(ast.unparse(call.func).rpartition(".")[2])
        given = [keyword.value for keyword in call.keywords if keyword.arg == "noun"]
        given += call.args[place : place + 1] if place is not None else []
        for part in (part for one in given for part in ast.walk(one)):
            if isinstance(part, ast.Constant) and isinstance(part.value, str):
                yield part.value


def list_nouns() -> set[str]:
    paths = (path for folder in ("services", "shared") for path in (Path(ROOT) / folder).rglob("*.py"))
    return {noun for path in paths for noun in find_nouns(path.read_text())}


def test_each_noun_has_an_indonesian_word() -> None:
    assert list_nouns() ^ NOUNS.keys() == set()


@pytest.mark.parametrize(
    "call",
    [
        'require_move(MOVES, self.state, state, "thing")',
        'IllegalTransition("thing", current=current)',
        'await load(session, Row, row_id, noun="thing")',
        'raise NotFound("thing" if table is Row else "kpm")',
    ],
)
def test_a_noun_without_a_word_is_detected(call: str) -> None:
    tree = f"async def act() -> None:\n    {call}\n"
    assert set(find_nouns(tree)) - NOUNS.keys() == {"thing"}


def test_noun_of_a_transition_is_in_both_languages() -> None:
    assert (noun_in_both("case"), noun_in_both("case").id) == ("case", "kasus graduasi")
