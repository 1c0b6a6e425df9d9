"""Committed files have no registry address, local path, secret or real number."""

import os
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.factories.repository import ROOT, committed_files, name_of

# Split, so that this file does not match its own patterns.
REGISTRIES = re.compile(
    "|".join(
        re.escape("".join(parts))
        for parts in [
            ("py", "pi.org"),
            ("pythonhosted", ".org"),
            ("repo.maven", ".apache.org"),
            ("repo1.", "maven.org"),
            ("registry.", "npmjs"),
            ("--index", "-url"),
            ("--extra-index", "-url"),
            ("proxy.", "golang.org"),
        ]
    )
)
PLACES = re.compile(
    r"(?<![\w.}$/-])/(?:"
    + "|".join(("wo" + "rk", "ro" + "ot", "Us" + r"ers/\w+", "ho" + r"me/\w+"))
    + r")/[\w.-]"
)
SECRETS = re.compile("-----BEGIN [A-Z ]*" + "PRIVATE KEY-----|" + r"\beyJ[\w-]{20,}\.eyJ[\w-]{20,}\.")
NUMBERS = re.compile(r"(?<![\w.+/-])([1-9][0-9])[0-9]{10}([0-9]{4})(?![\w+/=])")
FIRST_SYNTHETIC_SERIAL = 9000
NOT_TEXT = (".png", ".ico", ".woff2", ".gz", ".pdf")
# Test vectors of the number's rules, where the serial is tested. They belong to no record.
VECTORS = ("tests/shared/", "tests/deploy/")


def read_texts() -> list[tuple[str, str]]:
    files: list[Path] = [file for file in committed_files() if not file.name.endswith(NOT_TEXT)]
    return [(name_of(file), file.read_text("utf-8", errors="replace")) for file in files]


def find_matches(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{name}: {match.group()[:12]}" for name, text in read_texts() for match in pattern.finditer(text)
    ]


def test_no_address_of_a_package_registry() -> None:
    assert find_matches(REGISTRIES) == []


def test_no_address_that_this_machine_installs_from() -> None:
    settings = [
        os.environ.get(name, "")
        for name in ("PIP_INDEX_URL", "UV_INDEX_URL", "UV_DEFAULT_INDEX", "HTTPS_PROXY")
    ]
    hosts = {urlsplit(setting).hostname for setting in settings} - {None, "", "localhost", "127.0.0.1"}
    assert [host for host in hosts if host and find_matches(re.compile(re.escape(host)))] == []


def test_no_path_of_a_machine() -> None:
    assert find_matches(PLACES) == []
    assert [name for name, text in read_texts() if str(ROOT) + "/" in text] == []


def test_no_secret() -> None:
    assert find_matches(SECRETS) == []


def test_no_number_of_a_real_person() -> None:
    numbers = [
        f"{name}: {match.group()[:4]}********{match.group()[-4:]}"
        for name, text in read_texts()
        for match in NUMBERS.finditer(text)
        if 0 < int(match.group(2)) < FIRST_SYNTHETIC_SERIAL and not name.startswith(VECTORS)
    ]
    assert numbers == []


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        (REGISTRIES, "https://py" + "pi.org/simple"),
        (REGISTRIES, "pip install --index" + "-url x"),
        (PLACES, "open('/ro" + "ot/.config')"),
        (PLACES, "see /wo" + "rk/shared/chain.md"),
        (PLACES, 'cd "/ho' + 'me/budi/pilar"'),
        (SECRETS, "-----BEGIN EC PRIV" + "ATE KEY-----"),
        (NUMBERS, "nik=33240752118" + "70001"),
    ],
)
def test_each_is_detected(pattern: re.Pattern[str], line: str) -> None:
    assert pattern.search(line)


@pytest.mark.parametrize(
    "line", ["/v1/pendamping", "deploy/local/work/x", "https://host.test/work/1", "WORKDIR /pilar"]
)
def test_ordinary_lines_are_allowed(line: str) -> None:
    assert not PLACES.search(line)
