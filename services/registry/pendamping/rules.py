"""Pure functions: the pendamping number, and the statuses by day.

The number is used on paper and in files. It is random, so that it contains no information about the person.
"""

import secrets
from collections.abc import Iterable
from datetime import date

from services.registry.pendamping.models import StatusRecord

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no I, L, O or U, which people misread."""
LENGTH = 8


def generate_number() -> str:
    """Return "PD-", eight random characters and a check character.

    The check character detects one wrong character and most swaps of neighbours.
    """
    body = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    return f"PD-{body}{check_character(body)}"


def check_character(body: str) -> str:
    """Return the Luhn check character in base 32."""
    total = 0
    for position, character in enumerate(reversed(body)):
        value = ALPHABET.index(character) * (2 if position % 2 == 0 else 1)
        total += value // 32 + value % 32
    return ALPHABET[-total % 32]


def status_in_force(statuses: Iterable[StatusRecord], on: date) -> StatusRecord:
    """Return the status of a day, from `read_statuses`."""
    return [status for status in statuses if status.from_on <= on][-1]
