"""Names and sizes: no drawer for anything, no file or function that hides what it does."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.factories.repository import ROOT, committed, name_of

DRAWERS = {
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
# The house says about 300 and 25; what the formatter adds by wrapping is let pass.
LONGEST_FILE, LONGEST_FUNCTION = 350, 30
# What is longer today; a number here may only fall, and a line may only go.
LONGER_FUNCTIONS = {
    "shared/http/application.py::create_app": 32,
    "shared/operator.py::_parked_verbs": 34,
}


def code() -> list[Path]:
    return [file for file in committed(".py") if not name_of(file).startswith("tests/")]


def is_a_drawer(file: Path) -> bool:
    return bool({file.stem, *file.relative_to(ROOT).parent.parts} & DRAWERS)


def test_no_file_or_folder_is_a_drawer() -> None:
    assert [name_of(file) for file in committed(".py") if is_a_drawer(file)] == []
    assert is_a_drawer(ROOT / "shared" / "utils.py")
    assert is_a_drawer(ROOT / "shared" / "helpers" / "dates.py")


def test_no_file_grows_long() -> None:
    lengths = {name_of(file): len(file.read_text("utf-8").splitlines()) for file in code()}
    longer = {name: count for name, count in lengths.items() if count > LONGEST_FILE}
    assert longer == {}


def functions(source: str) -> Iterator[tuple[str, int]]:
    """Names and lines of functions, their signatures and docstrings not counted."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) and len(node.body) > 1 else node.body
            yield node.name, (node.end_lineno or 0) - body[0].lineno + 1


def test_no_function_grows_long() -> None:
    found = {
        f"{name_of(file)}::{name}": lines
        for file in code()
        for name, lines in functions(file.read_text("utf-8"))
    }
    longer = {
        name: lines for name, lines in found.items() if lines > LONGER_FUNCTIONS.get(name, LONGEST_FUNCTION)
    }
    assert longer == {}


def test_a_long_function_would_be_seen() -> None:
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
    found = [
        f"{name_of(file)}: {name}"
        for file in committed(".py")
        for name in imports(file.read_text("utf-8"))
        if name == "mock" or name.startswith(banned)
    ]
    assert found == []


@pytest.mark.parametrize(
    "line", ["import unittest.mock", "from unittest.mock import patch", "from unittest import mock"]
)
def test_a_mock_would_be_seen(line: str) -> None:
    assert next(iter(imports(line))).startswith("unittest.mock")


def test_no_middleware_has_a_task_of_its_own() -> None:
    word = "BaseHTTP" + "Middleware"
    found = [name for file in code() for name in imports(file.read_text("utf-8")) if name.endswith(word)]
    assert found == []
    assert list(imports(f"from starlette.middleware.base import {word}")) == [
        f"starlette.middleware.base.{word}"
    ]


OWN_FILES = {"app", "worker", "tables", "history", "visibility", "subscriptions", "metrics", "__init__"}
MODULE_FILES = {"models", "errors", "commands", "queries", "rules", "routes", "subscribers", "jobs"}
# Referral publishes its webhook beside its operations: a document, not a route.
OTHER_FILES = {"services/referral/publication/openapi.py"}


def is_misplaced(name: str) -> bool:
    """Whether a file of a service has another place or name than `docs/architecture.md` gives."""
    _, _, *folders, file = name.removesuffix(".py").split("/")
    if not folders:
        return file not in OWN_FILES
    if folders[0] == "migrations" or name in OTHER_FILES:
        return False
    kind = folders[1] if len(folders) == 2 else file
    return file != "__init__" and (len(folders) > 2 or kind not in MODULE_FILES)


def test_every_module_has_the_same_file_names() -> None:
    services = [name_of(file) for file in committed(".py") if name_of(file).startswith("services/")]
    assert [name for name in services if name != "services/__init__.py" and is_misplaced(name)] == []
    assert is_misplaced("services/registry/numbers.py")
    assert is_misplaced("services/registry/kind/shapes.py")
    assert is_misplaced("services/registry/kind/routes/deep/part.py")
    assert not is_misplaced("services/registry/kind/commands/part.py")


def test_no_package_is_a_list_of_re_exports() -> None:
    inits = [file for file in committed("__init__.py") if name_of(file).startswith("services/")]
    assert [name_of(file) for file in inits if file.read_text("utf-8").strip()] == []
