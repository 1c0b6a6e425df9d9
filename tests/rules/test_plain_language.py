"""Names and docstring summaries follow the writing rules of docs/development.md."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.factories.repository import committed_files, name_of

BANNED_PARTS = frozenset(
    [
        "anew",
        "heard",
        "hear",
        "hears",
        "nursery",
        "road",
        "said",
        "say",
        "saying",
        "says",
        "sight",
        "spoken",
        "stand",
        "stands",
        "stood",
        "talk",
        "tell",
        "telling",
        "tells",
        "told",
        "unsaid",
        "wanted",
        "went",
    ]
)
"""Word parts that no identifier has: figures of speech, and words for how a value was come by."""
BANNED_NAMES = frozenset({"found", "held", "whose"})
JSON_FIELDS = frozenset({"services/caseload/membership/models.py: held"})
"""Fields of answers, whose names are part of the API."""
LONGEST_SUMMARY = 15
DOCUMENTED = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def find_identifiers(tree: ast.Module) -> Iterator[str]:
    """Yield each name that a file gives to something."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.arg(arg=name):
                yield name
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield name
            case ast.alias(asname=str(name)):
                yield name
            case _:
                pass


def is_banned(name: str) -> bool:
    """Return whether a name has a banned word."""
    parts = (part.lower() for part in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name))
    return name.strip("_") in BANNED_NAMES or not BANNED_PARTS.isdisjoint(parts)


def find_summaries(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield the first line of each docstring with the name of what it describes."""
    for node in ast.walk(tree):
        if isinstance(node, DOCUMENTED) and (text := ast.get_docstring(node)):
            yield getattr(node, "name", "module"), text.splitlines()[0]


def is_long(summary: str) -> bool:
    return len(summary.split()) > LONGEST_SUMMARY or ";" in summary or not summary.endswith((".", "?"))


def find_violations(source: str) -> list[str]:
    """Return the banned names and the long summaries of a file."""
    tree = ast.parse(source)
    names = sorted({name for name in find_identifiers(tree) if is_banned(name)})
    return [*names, *(f"{name}: {text}" for name, text in find_summaries(tree) if is_long(text))]


def test_names_and_summaries_are_plain() -> None:
    files = {name_of(file): find_violations(file.read_text("utf-8")) for file in committed_files(".py")}
    lines = [f"{path}: {line}" for path, violating in files.items() for line in violating]
    assert sorted({*lines} - JSON_FIELDS) == []


@pytest.mark.parametrize(
    "source",
    [
        "told_on = 1",
        "def tell_partner(): ...",
        "def f(wanted): ...",
        "found = 1",
        "class WhatWasSaid: ...",
        "import a as anew",
        "self.heard = 1",
        'def f():\n    """Return a row; keep it."""',
        'def f():\n    """Return a row"""',
        f'"""{"word " * 15}word."""',
    ],
)
def test_what_is_not_plain_is_detected(source: str) -> None:
    assert find_violations(source)


@pytest.mark.parametrize(
    "source",
    [
        "not_found = 1",
        "held_on = 1",
        "class NotFound: ...",
        'def f():\n    """Return a row.\n\n    Keep it; why not."""',
    ],
)
def test_what_is_plain_passes(source: str) -> None:
    assert find_violations(source) == []
