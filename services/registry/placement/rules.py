"""The ends of a range, from its history."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from services.registry.placement.models import RangeRecord


@dataclass(frozen=True, slots=True)
class RecordedEnd:
    """A recorded end: its reason as a code, its day, and the end before it."""

    reason: str
    on: date
    before: date | None = None


def list_ends(ranges: Sequence[RangeRecord]) -> list[RecordedEnd]:
    """Return the ends of a range that were not taken back, oldest first.

    An end only moves to an earlier day, so a later one takes back those before it.
    """
    ends: list[RecordedEnd] = []
    for before, after in pairwise(ranges):
        while ends and ends[-1].on < (after.valid_to or date.max):
            ends.pop()
        if after.valid_to is not None and after.valid_to < (before.valid_to or date.max):
            ends.append(RecordedEnd(after.reason, after.valid_to, before.valid_to))
    return ends
