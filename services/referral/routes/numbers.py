"""Referral's numbers beside the other services' (chain.md 9)."""

from collections import Counter
from typing import Annotated
from uuid import UUID

from pydantic import Field

from services.referral import queries
from services.referral.routes.shapes import Body, View
from shared.access import Permission
from shared.http import Router, Session, may

numbers = Router(tag="numbers")

Ids = Annotated[list[UUID], Field(max_length=1000)]


class NumbersBody(Body):
    """Of which families or pendamping; of neither: all in the caller's areas."""

    kpm_ids: Ids | None = None
    pendamping_ids: Ids | None = None


class NumbersView(View):
    """Cases opened, withdrawn and live, by exit reason and in all."""

    service: str
    by_exit_reason: dict[str, dict[str, int]]
    totals: dict[str, int]


@numbers.post("/numbers")
@may(Permission.NUMBERS_READ)
async def count_numbers(body: NumbersBody, session: Session) -> NumbersView:
    """Count rujukan cases."""
    counted = await queries.count_rujukan(session, body.kpm_ids, body.pendamping_ids)
    totals = Counter({"opened": 0, "withdrawn": 0, "live": 0})
    for words in counted.values():
        totals.update(words)
    return NumbersView(service="referral", by_exit_reason=counted, totals=dict(totals))
