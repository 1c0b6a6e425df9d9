"""Names and sizes of files and functions."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.factories.repository import ROOT, committed_files, name_of

VAGUE_NAMES = {
    "utils",
    "util",
    "helpers",
    "helper",
    "common",
    "base",
    "service",
    "handlers",
    "manager",
    "managers",
    "misc",
}
# The standard of a function is about 25. The rest is for lines that the formatter wraps.
LONGEST_FILE, LONGEST_FUNCTION = 300, 30
# Longer functions. A number may only become smaller, and an entry may only be removed.
LONGER_FUNCTIONS = {
    "shared/http/application.py::create_app": 32,
    "shared/operator.py::_add_parked_verbs": 34,
}


def list_code_files() -> list[Path]:
    return [file for file in committed_files(".py") if not name_of(file).startswith("tests/")]


def is_vague(file: Path) -> bool:
    return bool({file.stem, *file.relative_to(ROOT).parent.parts} & VAGUE_NAMES)


def test_file_and_folder_names_are_specific() -> None:
    assert [name_of(file) for file in committed_files(".py") if is_vague(file)] == []
    assert is_vague(ROOT / "shared" / "utils.py")
    assert is_vague(ROOT / "shared" / "helpers" / "dates.py")


def test_files_are_short() -> None:
    lengths = {name_of(file): len(file.read_text("utf-8").splitlines()) for file in list_code_files()}
    longer = {name: count for name, count in lengths.items() if count > LONGEST_FILE}
    assert longer == {}


def functions(source: str) -> Iterator[tuple[str, int]]:
    """Yield names and line counts of functions, without signatures and docstrings."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) and len(node.body) > 1 else node.body
            yield node.name, (node.end_lineno or 0) - body[0].lineno + 1


def test_functions_are_short() -> None:
    lengths = {
        f"{name_of(file)}::{name}": lines
        for file in list_code_files()
        for name, lines in functions(file.read_text("utf-8"))
    }
    longer = {
        name: lines for name, lines in lengths.items() if lines > LONGER_FUNCTIONS.get(name, LONGEST_FUNCTION)
    }
    assert longer == {}


def test_a_long_function_is_detected() -> None:
    body = "\n".join(f"    x = {number}" for number in range(30))
    assert list(functions(f'def f():\n    """Say."""\n{body}\n')) == [("f", 30)]


def imports(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_nothing_is_mocked() -> None:
    banned = ("unittest.mock", "mock.", "pytest_mock")
    violating = [
        f"{name_of(file)}: {name}"
        for file in committed_files(".py")
        for name in imports(file.read_text("utf-8"))
        if name == "mock" or name.startswith(banned)
    ]
    assert violating == []


@pytest.mark.parametrize(
    "line", ["import unittest.mock", "from unittest.mock import patch", "from unittest import mock"]
)
def test_a_mock_is_detected(line: str) -> None:
    assert next(iter(imports(line))).startswith("unittest.mock")


def test_no_middleware_starts_its_own_task() -> None:
    word = "BaseHTTP" + "Middleware"
    violating = [
        name for file in list_code_files() for name in imports(file.read_text("utf-8")) if name.endswith(word)
    ]
    assert violating == []
    assert list(imports(f"from starlette.middleware.base import {word}")) == [
        f"starlette.middleware.base.{word}"
    ]


OWN_FILES = {"app", "worker", "tables", "history", "visibility", "subscriptions", "metrics", "__init__"}
MODULE_FILES = {"models", "errors", "commands", "queries", "rules", "routes", "subscribers", "jobs"}
# Referral also publishes its webhook, a part of the OpenAPI document without a route.
OTHER_FILES = {"services/referral/publication/openapi.py"}


def is_misplaced(name: str) -> bool:
    """Return whether a file's place or name differs from docs/architecture.md."""
    _, _, *folders, file = name.removesuffix(".py").split("/")
    if not folders:
        return file not in OWN_FILES
    if folders[0] == "migrations" or name in OTHER_FILES:
        return False
    kind = folders[1] if len(folders) == 2 else file
    return file != "__init__" and (len(folders) > 2 or kind not in MODULE_FILES)


def test_every_module_has_the_same_file_names() -> None:
    services = [name_of(file) for file in committed_files(".py") if name_of(file).startswith("services/")]
    assert [name for name in services if name != "services/__init__.py" and is_misplaced(name)] == []
    assert is_misplaced("services/registry/numbers.py")
    assert is_misplaced("services/registry/kind/shapes.py")
    assert is_misplaced("services/registry/kind/routes/deep/part.py")
    assert not is_misplaced("services/registry/kind/commands/part.py")


def test_no_package_is_a_list_of_re_exports() -> None:
    inits = [file for file in committed_files("__init__.py") if name_of(file).startswith("services/")]
    assert [name_of(file) for file in inits if file.read_text("utf-8").strip()] == []
