"""Texts that a person reads may not have invisible characters."""

import sys
import unicodedata

import orjson
import pytest

from shared.http.strict_input import MalformedRequest, parse
from shared.invisible_characters import has_invisible

MOST_VALUES = 100
NAMES = [
    "Siti Nurhaliza",
    "I Gusti Ngurah Rai",
    "N\u2019Sihombing",
    "Jos\u00e9 Ximenes",
    "\u0639\u0628\u062f",
    "Usaha jalan \u2600\ufe0f\n",
]


def test_every_format_character_of_unicode_is_refused() -> None:
    every = [chr(code) for code in range(sys.maxunicode + 1)]
    assert [
        hex(ord(one)) for one in every if unicodedata.category(one) == "Cf" and not has_invisible(one)
    ] == []


def test_no_letter_digit_or_mark_of_a_name_is_refused() -> None:
    assert [name for name in NAMES if has_invisible(name)] == []
    latin = [chr(code) for code in range(0x20, 0x250) if unicodedata.category(chr(code)) != "Cf"]
    assert not has_invisible("".join(latin))


@pytest.mark.parametrize("place", ["name", "deep", "list", "key"])
def test_a_body_with_one_anywhere_is_refused_in_two_languages(place: str) -> None:
    bad = "Siti\u200bRahayu"
    bodies = {
        "name": {"name": bad},
        "deep": {"a": {"reason": bad}},
        "list": {"notes": ["a", bad]},
        "key": {bad: 1},
    }
    with pytest.raises(MalformedRequest) as refusal:
        parse(orjson.dumps(bodies[place]), MOST_VALUES)
    assert "invisible characters" in refusal.value.sentence("en")
    assert "karakter tak terlihat" in refusal.value.sentence("id")


@pytest.mark.parametrize("name", NAMES)
def test_a_body_with_an_ordinary_text_is_read(name: str) -> None:
    assert parse(orjson.dumps({"name": name}), MOST_VALUES) == {"name": name}
