"""Statements without SQLAlchemy are marked as fast paths."""

import ast

from tests.factories.repository import committed_files, name_of

MARK = "# Fast path:"


def find_unmarked(source: str) -> list[str]:
    """Return the functions that use the driver's connection without a mark."""
    lines = source.splitlines()
    return [
        node.name
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and any(
            isinstance(part, ast.Call) and isinstance(part.func, ast.Name) and part.func.id == "raw"
            for part in ast.walk(node)
        )
        and not any(MARK in line for line in lines[node.lineno - 1 : node.end_lineno])
    ]


def test_every_statement_without_sqlalchemy_is_marked() -> None:
    by_file = {
        name_of(file): functions
        for file in committed_files(".py")
        if name_of(file).startswith("services/") and (functions := find_unmarked(file.read_text("utf-8")))
    }
    assert by_file == {}


def test_an_unmarked_statement_is_detected() -> None:
    source = "async def read(session):\n    connection = await raw(session)\n"
    assert find_unmarked(source) == ["read"]
    assert find_unmarked(source.replace("    conn", f"    {MARK} one statement.\n    conn")) == []
