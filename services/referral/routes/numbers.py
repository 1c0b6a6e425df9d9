"""Referral's numbers beside the other services' (chain.md 9)."""

from services.referral import queries
from shared.access import Permission
from shared.http import Router, Session, may
from shared.http.numbers import MAX_BODY, NumbersAsked, NumbersView, numbers_of

numbers = Router(tag="numbers")


@numbers.post("/numbers")
@may(Permission.NUMBERS_READ, max_body=MAX_BODY)
async def count_numbers(body: NumbersAsked, session: Session) -> NumbersView:
    """Count rujukan cases opened, withdrawn and live."""
    counted = await queries.count_rujukan(session, body.kpm_ids, body.pendamping_ids)
    return numbers_of("referral", ["opened", "withdrawn", "live"], counted)
