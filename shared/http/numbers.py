"""The numbers that the services compare (chain.md 9): asked in the same words of each, and shown in the same form."""

from collections.abc import Iterable, Mapping
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from shared.fields import Body

MAX_IDS = 1000
# Two lists of ids, with room for blanks between them.
MAX_BODY = 2 * MAX_IDS * 48
Ids = Annotated[list[UUID], Field(max_length=MAX_IDS)]


class NumbersAsked(Body):
    """Of which families, or of which pendamping; of neither: all in the caller's areas."""

    kpm_ids: Ids | None = None
    pendamping_ids: Ids | None = None


class NumbersView(BaseModel):
    """The service's words of the totals that must agree, by exit reason and in total."""

    service: str = Field(examples=["registry"])
    by_exit_reason: dict[str, dict[str, int]]
    totals: dict[str, int]


def numbers_of(
    service: str, words: Iterable[str], by_exit_reason: Mapping[str, Mapping[str, int]]
) -> NumbersView:
    """Return the counts with their totals; a word that no exit reason has counts 0."""
    found = {reason: dict(counts) for reason, counts in by_exit_reason.items()}
    totals = {word: sum(counts.get(word, 0) for counts in found.values()) for word in words}
    return NumbersView(service=service, by_exit_reason=found, totals=totals)
