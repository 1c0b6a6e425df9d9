"""Commit subjects have a scope and an imperative summary, in at most 72 characters."""

import re
import subprocess

import pytest

from tests.factories.repository import ROOT

SUBJECT = re.compile(r"(?=.{1,72}$)[a-z][a-z0-9, -]*: [^\s].*[^.]")
CHECKED_COMMITS = 50


def test_subjects_of_the_newest_commits_have_the_form() -> None:
    command = ["git", "log", "--no-merges", f"--max-count={CHECKED_COMMITS}", "--format=%s"]
    log = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    subjects = log.stdout.splitlines()
    assert subjects
    assert [subject for subject in subjects if not SUBJECT.fullmatch(subject)] == []


@pytest.mark.parametrize(
    "subject", ["Shorten it", "caseload shorten it", "caseload: ", "caseload: end.", f"caseload: {'a' * 70}"]
)
def test_a_subject_of_another_form_is_detected(subject: str) -> None:
    assert not SUBJECT.fullmatch(subject)
