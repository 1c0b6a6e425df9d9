"""Mutants: each can be planted in this tree, and names test files that exist."""

import shutil
from pathlib import Path

import pytest

from tests.factories.repository import ROOT
from tests.mutants.catalogue import MUTANTS
from tests.mutants.mutant import Mutant

SOURCE = "shared/clock.py"


def copy_files_of(mutant: Mutant, to: Path) -> None:
    """Copy the files that the mutant changes."""
    for pattern in {files for files, _, _ in mutant.replacements}:
        for path in ROOT.glob(pattern):
            target = to / path.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_mutant_can_be_planted_and_compiles(mutant: Mutant, tmp_path: Path) -> None:
    copy_files_of(mutant, tmp_path)
    mutant.plant(tmp_path)
    for path in tmp_path.rglob("*.py"):
        compile(path.read_text("utf-8"), path.name, "exec")


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_test_files_of_a_mutant_exist(mutant: Mutant) -> None:
    assert mutant.tests
    assert [file for file in mutant.tests if not (ROOT / file).is_file()] == []


def test_names_of_mutants_differ() -> None:
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)


def test_outdated_mutant_is_refused(tmp_path: Path) -> None:
    for files, old in ((SOURCE, "there is no such text"), ("shared/no_such_file.py", "import")):
        outdated = Mutant("outdated", "an old text", ((files, old, ""),), ("tests/rules/test_mutants.py",))
        copy_files_of(outdated, tmp_path)
        with pytest.raises(ValueError, match="outdated"):
            outdated.plant(tmp_path)
