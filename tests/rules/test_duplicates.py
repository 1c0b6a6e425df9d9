"""No block of ten lines is repeated between services."""

import ast
from collections import defaultdict
from collections.abc import Iterator

from tests.factories.repository import committed_files, name_of

BLOCK = 10


def code_lines(source: str) -> list[str]:
    """Return the lines without imports, docstrings, comments and blank lines."""
    skipped: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if docstring or isinstance(node, ast.Import | ast.ImportFrom):
            skipped |= set(range(node.lineno, (node.end_lineno or 0) + 1))
    lines = (line.strip() for number, line in enumerate(source.splitlines(), 1) if number not in skipped)
    return [line for line in lines if line and not line.startswith("#")]


def blocks(lines: list[str]) -> Iterator[tuple[str, ...]]:
    """Yield each run of ten lines."""
    yield from (tuple(lines[start : start + BLOCK]) for start in range(len(lines) - BLOCK + 1))


def find_repeated(sources: dict[str, str]) -> set[tuple[str, ...]]:
    """Return the groups of files of different services that share a block."""
    places: defaultdict[tuple[str, ...], set[str]] = defaultdict(set)
    for name, source in sources.items():
        for block in blocks(code_lines(source)):
            places[block].add(name)
    return {
        tuple(sorted(names)) for names in places.values() if len({name.split("/")[1] for name in names}) > 1
    }


def test_no_block_is_repeated_in_another_service() -> None:
    sources = {
        name_of(file): file.read_text("utf-8")
        for file in committed_files(".py")
        if name_of(file).startswith("services/")
    }
    assert len(sources) > 200
    assert find_repeated(sources) == set()


def test_a_repeated_block_is_detected() -> None:
    body = "\n".join(f"x = {number}" for number in range(BLOCK))
    one, other = "services/registry/a.py", "services/caseload/b.py"
    assert find_repeated({one: f"import os\n{body}\n", other: f'"""Do."""\n{body}\n'}) == {(other, one)}
    assert find_repeated({one: body, "services/registry/b.py": body}) == set()
