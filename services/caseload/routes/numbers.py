"""Caseload's numbers beside the other services' (chain.md 9)."""

from services.caseload.queries.memberships import count_ended
from services.caseload.routes.shapes import Body, Ids, View
from shared.access import Permission
from shared.http import Router, Session, may

numbers = Router(tag="numbers")


class NumbersRequest(Body):
    """Of which families; without any, of those that the pendamping have or had; of neither: all in the caller's areas."""

    kpm_ids: Ids | None = None
    pendamping_ids: Ids | None = None


class NumbersView(View):
    """Memberships whose end is written, by exit reason and in all."""

    service: str
    by_exit_reason: dict[str, dict[str, int]]
    totals: dict[str, int]


@numbers.post("/numbers")
@may(Permission.NUMBERS_READ)
async def count_numbers(body: NumbersRequest, session: Session) -> NumbersView:
    """Count memberships that ended."""
    counted = await count_ended(session, body.kpm_ids, body.pendamping_ids)
    reasons = {reason: {"ended": count} for reason, count in counted.items()}
    return NumbersView(service="caseload", by_exit_reason=reasons, totals={"ended": sum(counted.values())})
