"""Each page and anchor that the code and the docs cite exists."""

import re
from pathlib import Path

import pytest

from tests.factories.repository import ROOT, committed_files, name_of

CITED = re.compile(r"\bdocs/(?P<page>[a-z0-9/-]+\.md)(?:#(?P<anchor>[a-z0-9-]+))?")
LINKED = re.compile(r"\]\((?P<page>[^)#: ]*)(?:#(?P<anchor>[^)]+))?\)")
HEADING = re.compile(r"^#{1,6} +(.*)$", re.MULTILINE)
# Pages that were beside the repository; none of them is cited.
FOREIGN = re.compile(r"\b(?:chain|reliability|stack|interop|redesign|sqlmodel|style)\.md\b")
ENDINGS = (".py", ".sql", ".toml", ".yml", ".sh", ".js", ".html", "Makefile", ".md")
# Their planted inputs name such pages.
PLANTED = {"tests/rules/test_citations.py", "tests/rules/test_committed_files.py"}


def read_anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    headings = HEADING.findall(re.sub(r"(?ms)^```.*?^```", "", page.read_text("utf-8")))
    return {re.sub(r"[^\w -]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def is_missing(page: Path, anchor: str | None) -> bool:
    return not page.exists() or (
        anchor is not None and page.suffix == ".md" and anchor not in read_anchors(page)
    )


def find_broken_citations(text: str) -> list[str]:
    """Return the citations of `docs/` in a text that lead nowhere."""
    return [
        cited.group()
        for cited in CITED.finditer(text)
        if is_missing(ROOT / "docs" / cited["page"], cited["anchor"])
    ]


def find_broken_links(file: Path) -> list[str]:
    """Return the links of a page that lead nowhere."""
    links = LINKED.finditer(file.read_text("utf-8"))
    return [
        link.group()
        for link in links
        if is_missing(file.parent / link["page"] if link["page"] else file, link["anchor"])
    ]


def test_each_cited_page_and_anchor_exists() -> None:
    files = [file for file in committed_files(*ENDINGS) if name_of(file) not in PLANTED]
    lines = [
        f"{name_of(file)}: {cite}"
        for file in files
        for cite in find_broken_citations(file.read_text("utf-8"))
    ]
    assert lines == []


def test_each_link_of_a_page_leads_somewhere() -> None:
    pages = committed_files(".md")
    assert pages
    assert [f"{name_of(page)}: {link}" for page in pages for link in find_broken_links(page)] == []


def test_nothing_cites_a_page_outside_the_repository() -> None:
    files = [file for file in committed_files(*ENDINGS) if name_of(file) not in PLANTED]
    lines = [name_of(file) for file in files if FOREIGN.search(file.read_text("utf-8"))]
    assert lines == []


@pytest.mark.parametrize("text", ["see docs/nowhere.md", "see docs/architecture.md#nowhere"])
def test_a_citation_that_leads_nowhere_would_be_seen(text: str) -> None:
    assert find_broken_citations(text)
