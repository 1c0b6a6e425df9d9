"""Caseload's numbers beside the other services' (chain.md 9)."""

from services.caseload.queries.memberships import count_ended
from shared.access import Permission
from shared.http import Router, Session, may
from shared.http.numbers import MAX_BODY, NumbersAsked, NumbersView, numbers_of

numbers = Router(tag="numbers")


@numbers.post("/numbers")
@may(Permission.NUMBERS_READ, max_body=MAX_BODY)
async def count_numbers(body: NumbersAsked, session: Session) -> NumbersView:
    """Count memberships whose end is written: of the families, else of those that the pendamping have or had."""
    counted = await count_ended(session, body.kpm_ids, body.pendamping_ids)
    return numbers_of("caseload", ["ended"], {reason: {"ended": count} for reason, count in counted.items()})
