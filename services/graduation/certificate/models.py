import re
import secrets
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from services.graduation.tables import Table
from shared.database.tables import Col
from shared.fields import Wilayah


class Certificate(Table, table=True):
    """The piagam of an exit in effect; its number says nothing of the family. Append-only."""

    __table_args__ = (sa.UniqueConstraint("graduasi_id"),)

    certificate_no: Col[str] = Field(primary_key=True)
    graduasi_id: Col[UUID] = Field(foreign_key="graduasi.graduasi_id")
    kode_wilayah: Col[Wilayah]
    issued_on: Col[date]


# Crockford's base 32: no I, L, O, U; the last sign is the number modulo 37.
SIGNS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CHECK_SIGNS = SIGNS + "*~$=U"
FORM = re.compile(r"GR-[0-9]{4}-([0-9A-Z]{10})-([0-9A-Z*~$=])")


def new_certificate_no(on: date) -> str:
    """Return a number that nobody can guess: `GR-2026-7K2M9QXP4T-C`."""
    number = secrets.randbits(50)
    signs = "".join(SIGNS[number >> shift & 31] for shift in range(45, -1, -5))
    return f"GR-{on.year}-{signs}-{CHECK_SIGNS[number % 37]}"


def is_well_typed(certificate_no: str) -> bool:
    """Whether the last sign fits the others: a slip of one sign, or of two neighbours, never does."""
    match = FORM.fullmatch(certificate_no)
    if match is None or any(sign not in SIGNS for sign in match[1]):
        return False
    number = 0
    for sign in match[1]:
        number = number * 32 + SIGNS.index(sign)
    return CHECK_SIGNS[number % 37] == match[2]
