"""White space of texts is normalised, and invisible characters are dropped."""

import sys
import unicodedata

import orjson
import pytest

from shared.http.strict_input import MalformedRequest, parse
from shared.text import clean_text, has_invisible, join_lines, normalize_number

MOST_VALUES = 100
NAMES = [
    "Siti Nurhaliza",
    "I Gusti Ngurah Rai",
    "N\u2019Sihombing",
    "Jos\u00e9 Ximenes",
    "\u0639\u0628\u062f",
    "Usaha jalan \u2600\ufe0f\n",
]


def test_every_format_character_of_unicode_is_dropped() -> None:
    every = [chr(code) for code in range(sys.maxunicode + 1)]
    formats = [one for one in every if unicodedata.category(one) == "Cf"]
    assert [
        hex(ord(one)) for one in formats if not has_invisible(one) or clean_text(f"a{one}b") != "ab"
    ] == []


def test_no_letter_digit_or_mark_of_a_name_is_dropped() -> None:
    assert [name for name in NAMES if clean_text(name) != name] == []
    latin = [
        chr(code) for code in range(0x20, 0x250) if unicodedata.category(chr(code)) not in {"Cf", "Cc", "Zs"}
    ]
    assert clean_text("".join(latin)) == "".join(latin)


@pytest.mark.parametrize(
    "written",
    [
        "Dusun\nContoh",
        "Dusun\r\nContoh",
        "Dusun\tContoh",
        "Dusun\u00a0 Contoh ",
        "\u200bDusun\u2028Con\u00adtoh",
        "Dusun\x0bContoh",
    ],
)
def test_a_text_of_one_line_has_single_blanks(written: str) -> None:
    assert join_lines(written) == "Dusun Contoh"


@pytest.mark.parametrize("place", ["name", "deep", "list"])
def test_invisible_characters_of_a_body_are_dropped(place: str) -> None:
    def body(text: str) -> object:
        return {"name": {"name": text}, "deep": {"a": {"reason": text}}, "list": {"notes": ["a", text]}}[
            place
        ]

    assert parse(orjson.dumps(body("Siti\u200b\u202eRahayu")), MOST_VALUES) == body("SitiRahayu")
    assert parse(b'{"name": "a\\u200db"}', MOST_VALUES) == {"name": "ab"}


def test_a_body_with_one_in_a_key_is_refused_in_two_languages() -> None:
    with pytest.raises(MalformedRequest) as refusal:
        parse(orjson.dumps({"Siti\u200bRahayu": 1}), MOST_VALUES)
    assert "invisible characters" in refusal.value.sentence("en")
    assert "karakter tak terlihat" in refusal.value.sentence("id")


@pytest.mark.parametrize("name", NAMES)
def test_a_body_with_an_ordinary_text_is_read(name: str) -> None:
    assert parse(orjson.dumps({"name": name}), MOST_VALUES) == {"name": name}


@pytest.mark.parametrize("written", ["GR-2026-AB", "gr 2026 ab", "GR2026AB", " GR\u20112026\u00a0- AB\u200b"])
def test_number_of_a_document_is_compared_without_capitals_blanks_and_hyphens(written: str) -> None:
    assert normalize_number(written) == "GR2026AB"
