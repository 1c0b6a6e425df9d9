"""Texts as people and spreadsheets write them: white space and invisible characters.

Invisible characters reverse a name, or make different names look the same.
"""

import re
import unicodedata

# Unicode category Cf (direction marks, zero-width characters, soft hyphen, tags). It includes ZWJ and ZWNJ, which
# Indonesian names do not use.
FORMAT = (
    "\u00ad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0001"
    "\U000e0020-\U000e007f"
)
# Blank fillers and variation selectors. U+FE0F is allowed, because phones write it after an emoji.
BLANK = (
    "\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2800\u3164\ufe00-\ufe0e\uffa0\U000e0100-\U000e01ef"
)
INVISIBLE = re.compile(f"[{FORMAT}{BLANK}]")
# White space that is neither a blank, a tab nor a line break: no-break spaces and Unicode's other widths.
WIDE_BLANK = re.compile("[\xa0\u1680\u2000-\u200a\u202f\u205f\u3000]")
SEPARATOR = re.compile(r"(?<=\d)[ .-](?=\d)")
LINE_BREAK = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")


def has_invisible(text: str) -> bool:
    """Return whether a text has an invisible character."""
    return not text.isascii() and INVISIBLE.search(text) is not None


def clean_text(text: str) -> str:
    """Return a text without invisible characters, with ordinary blanks and line breaks."""
    if text.isascii() and text.isprintable():
        return text
    return LINE_BREAK.sub("\n", WIDE_BLANK.sub(" ", INVISIBLE.sub("", text)))


def join_lines(text: str) -> str:
    """Return a text of one line with single blanks."""
    return " ".join(clean_text(text).split())


def drop_separators(number: str) -> str:
    """Return a number without single blanks, dots or hyphens between its digits."""
    return SEPARATOR.sub("", number)


def name_key(name: str) -> str:
    """Return the letters and digits of a name, to compare names however they are written."""
    return "".join(letter for letter in unicodedata.normalize("NFKD", name.casefold()) if letter.isalnum())


def normalize_number(number: str) -> str:
    """Return the number of a paper without blanks and hyphens, in capitals, for comparison."""
    letters = clean_text(number).upper()
    return "".join(one for one in letters if not (one.isspace() or unicodedata.category(one) == "Pd"))
