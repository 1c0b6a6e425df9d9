"""Phone numbers in one form, +62…, whatever way they are written."""

import re
from functools import lru_cache
from typing import Annotated

import phonenumbers
from pydantic import AfterValidator, StringConstraints

from shared.errors import BadValue
from shared.fields import ONE_LINE, RequestOnly
from shared.text import join_lines

REGION, COUNTRY_CODE = "ID", "62"
LONGEST = 40
# Two numbers in one cell, letters, and a number that a spreadsheet rounded. The library would read a part of them.
SEVERAL = re.compile(r"[/;,|&A-Za-z]")
# A spreadsheet's ="0812…", its apostrophe, and the end of a number that it took for a decimal.
MARKS = re.compile(r"^=?[\"']+|[\"']+$|(?<=\d{8})[.,]0$")
# Fast path: an Indonesian mobile number as most are written. The library takes 70 microseconds (bench: intake).
PLAIN_MOBILE = re.compile(r"08[1-35-9][0-9]{7,10}")


class PhoneUnusable(BadValue):
    """The text is not one phone number that can be called."""

    def __init__(self) -> None:
        """Set the sentences."""
        super().__init__(
            "This is not a phone number that can be called. Write one number, such as 0812 0000 9001 or (0294) 381234.",
            "Ini bukan nomor telepon yang dapat dihubungi. Tulis satu nomor, misalnya 0812 0000 9001 atau (0294) 381234.",
        )


@lru_cache(maxsize=8)
def parse_phone(text: str) -> str:
    """Return a phone number in the form +6281200009001. Numbers without +62 are Indonesian.

    Raises:
        PhoneUnusable
    """
    if PLAIN_MOBILE.fullmatch(text):
        return f"+{COUNTRY_CODE}{text[1:]}"
    written = MARKS.sub("", join_lines(text))
    if len(written) > LONGEST or SEVERAL.search(written):
        raise PhoneUnusable
    digits = re.sub(r"\D", "", written)
    # "62812…" and "0062812…" have the country code without its plus.
    candidates = [f"+{digits.removeprefix('00')}"] if digits.startswith((COUNTRY_CODE, "00")) else []
    for candidate in (*candidates, written):
        try:
            number = phonenumbers.parse(candidate, REGION)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    raise PhoneUnusable


Phone = Annotated[
    str,
    ONE_LINE,
    StringConstraints(min_length=5, max_length=LONGEST),
    AfterValidator(parse_phone),
    RequestOnly("0812 0000 9001"),
]
"""A phone number, written in any usual way and stored as +6281200009001 (docs/decisions/0025-phone-numbers.md)."""
