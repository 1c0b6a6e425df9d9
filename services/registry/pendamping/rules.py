"""Pure functions: the pendamping number, and the statuses by day.

The number is used on paper and in files. It is random, so that it contains no information about the person.
"""

import secrets
from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from services.registry.pendamping.models import StatusRecord
from shared.contracts.kinds import PendampingStatus

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


def first_of_run(statuses: Iterable[StatusRecord], on: date) -> date:
    """Return the first day of the status in force on a day.

    Records of the same status that follow each other are one.
    """
    begun = [record for record in statuses if record.from_on <= on]
    first = begun[-1]
    for record in reversed(begun):
        if record.status is not first.status:
            break
        first = record
    return first.from_on


def status_before(
    statuses: Sequence[StatusRecord], history: Iterable[StatusRecord], record: StatusRecord
) -> PendampingStatus:
    """Return the status that holds on a record's day without the record.

    It is that of the same day which the record followed, else that of the day before.
    """
    same_day = [one for one in history if one.from_on == record.from_on and one.number < record.number]
    if same_day and same_day[-1].status is record.previous:
        return same_day[-1].status
    return status_in_force(statuses, record.from_on - timedelta(days=1)).status
