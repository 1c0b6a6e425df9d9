"""Test files: named by their subject, and none imports another."""

import ast
from collections.abc import Iterator
from pathlib import PurePath

import pytest

from tests.factories.repository import committed_files, name_of

LITERARY = ("test_a_", "test_an_", "test_the_", "test_what_")


def is_misnamed(name: str) -> bool:
    return PurePath(name).name.startswith(LITERARY)


def imports_of_tests(source: str) -> Iterator[str]:
    """Yield each import of a test module, a name in it, or a conftest."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module or ''}.{alias.name}" for alias in node.names]
        else:
            continue
        yield from (name for name in names if is_in_a_test_module(name))


def is_in_a_test_module(name: str) -> bool:
    return any(part == "conftest" or part.startswith("test_") for part in name.split("."))


def test_files_are_named_by_their_subject() -> None:
    assert [name_of(file) for file in committed_files(".py") if is_misnamed(name_of(file))] == []


@pytest.mark.parametrize("prefix", LITERARY)
def test_an_article_in_a_file_name_is_refused(prefix: str) -> None:
    assert is_misnamed(f"tests/registry/{prefix}kind.py")
    assert not is_misnamed("tests/registry/test_kinds.py")


def test_no_module_imports_a_test_module() -> None:
    violating = [
        f"{name_of(file)}: {name}"
        for file in committed_files(".py")
        for name in imports_of_tests(file.read_text("utf-8"))
    ]
    assert violating == []


@pytest.mark.parametrize(
    "line",
    [
        "import tests.registry.test_kinds",
        "from tests.registry import test_kinds",
        "from tests.registry.test_kinds import KINDS",
        "from . import test_kinds",
        "from .test_kinds import KINDS",
        "from tests import conftest",
        "from tests.registry.conftest import placed",
        "def f():\n    from conftest import placed",
    ],
)
def test_an_import_of_a_test_module_is_refused(line: str) -> None:
    assert len(list(imports_of_tests(line))) == 1


def test_an_import_of_a_factory_is_allowed() -> None:
    assert list(imports_of_tests("from tests.factories.registry import commands")) == []
