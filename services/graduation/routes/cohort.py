"""What became of the families of a year."""

from typing import Annotated, Any

from fastapi import Query

from services.graduation import queries
from services.graduation.routes.shapes import View
from shared.access import Permission
from shared.contracts.kinds import ExitReason
from shared.http import Caller, Router, Session, may
from shared.http.fields import Wilayah

router = Router(tag="cohort")


class SurvivalView(View):
    """At a month after the exit: how many families in effect came so far, were seen, were still out."""

    month: int
    reached: int
    seen: int
    still_out: int


class CohortItem(View):
    """The families of one exit reason. Aid counts families; money in rupiah."""

    exit_reason: ExitReason
    determined: int
    annulled: int
    effective: int
    sent: int
    accepted: int
    delivered: int
    amount_rp: int
    survival: list[SurvivalView]


class CohortView(View):
    """The families determined in SK of a year."""

    year: int
    kode_wilayah: str | None
    items: list[CohortItem]


@router.get("/cohort", response_model=CohortView)
@may(Permission.COHORT_READ)
async def read_cohort(
    session: Session,
    caller: Caller,
    year: Annotated[int, Query(ge=2020, le=2100, examples=[2026])],
    kode_wilayah: Annotated[Wilayah | None, Query()] = None,
) -> dict[str, Any]:
    """Say of the families determined in a year what became of them, per exit reason."""
    return await queries.cohort(session, caller, year, kode_wilayah)
