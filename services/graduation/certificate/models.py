import re
import secrets
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from services.graduation.tables import Table
from shared.database.tables import Col
from shared.fields import Wilayah
from shared.text import normalize_number


class Certificate(Table, table=True):
    """The piagam of an effective exit. Its number contains nothing about the family. Append-only."""

    __table_args__ = (sa.UniqueConstraint("graduasi_id"),)

    certificate_no: Col[str] = Field(primary_key=True)
    graduasi_id: Col[UUID] = Field(foreign_key="graduasi.graduasi_id")
    kode_wilayah: Col[Wilayah]
    issued_on: Col[date]


# Crockford's base 32: no I, L, O, U. The last character is the number modulo 37.
DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CHECK_DIGITS = DIGITS + "*~$=U"
KEY_LENGTH = 17
PATTERN = re.compile(r"GR-[0-9]{4}-([0-9A-Z]{10})-([0-9A-Z*~$=])")


def new_certificate_no(on: date) -> str:
    """Return a random number such as `GR-2026-7K2M9QXP4T-C`."""
    number = secrets.randbits(50)
    digits = "".join(DIGITS[number >> shift & 31] for shift in range(45, -1, -5))
    return f"GR-{on.year}-{digits}-{CHECK_DIGITS[number % 37]}"


def as_written(certificate_no: str) -> str:
    """Return a typed number as a certificate has it, if it can be one."""
    key = normalize_number(certificate_no)
    return f"{key[:2]}-{key[2:6]}-{key[6:-1]}-{key[-1:]}" if len(key) == KEY_LENGTH else certificate_no


def has_valid_check_digit(certificate_no: str) -> bool:
    """Return whether the check character fits the number.

    It detects one wrong character and two swapped neighbours.
    """
    match = PATTERN.fullmatch(certificate_no)
    if match is None or any(digit not in DIGITS for digit in match[1]):
        return False
    number = 0
    for digit in match[1]:
        number = number * 32 + DIGITS.index(digit)
    return CHECK_DIGITS[number % 37] == match[2]
