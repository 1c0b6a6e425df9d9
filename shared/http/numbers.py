"""Totals that the four services compare with each other (docs/case-lifecycle.md#counts)."""

from collections.abc import Iterable, Mapping
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from shared.fields import Body

MAX_IDS = 1000
# Two lists of ids with blanks between the ids.
MAX_BODY = 2 * MAX_IDS * 48
Ids = Annotated[list[UUID], Field(max_length=MAX_IDS)]


class NumbersAsked(Body):
    """The families or the pendamping to count.

    Without either, all in the caller's areas are counted.
    """

    kpm_ids: Ids | None = None
    pendamping_ids: Ids | None = None


class NumbersView(BaseModel):
    """The totals of the service that must agree with other services."""

    service: str = Field(examples=["registry"])
    by_exit_reason: dict[str, dict[str, int]]
    totals: dict[str, int]


def numbers_of(
    service: str, words: Iterable[str], by_exit_reason: Mapping[str, Mapping[str, int]]
) -> NumbersView:
    """Return the counts with their totals. A word that no exit reason has counts 0."""
    rows = {reason: dict(counts) for reason, counts in by_exit_reason.items()}
    totals = {word: sum(counts.get(word, 0) for counts in rows.values()) for word in words}
    return NumbersView(service=service, by_exit_reason=rows, totals=totals)
