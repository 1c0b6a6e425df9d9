"""Assessments as they were made, and computed again by the version of then."""

from typing import Any
from uuid import UUID

from services.graduation.assessment import queries
from services.graduation.case.routes import AsesmenView, Criterion
from shared.access import Permission
from shared.contracts.kinds import AsesmenResult
from shared.http import CurrentActor, Router, Session, may
from shared.http.fields import View

router = Router(tag="asesmen")


class ReproductionView(View):
    """What the version of then makes today of the answers and facts of then; `equal`: the same, word for word."""

    asesmen_id: UUID
    policy_version: int
    instrument_version: int
    equal: bool
    result: AsesmenResult
    score_percent: int
    explanation: list[Criterion]


@router.get("/asesmen/{asesmen_id}", response_model=AsesmenView)
@may(Permission.ASESMEN_READ)
async def read_asesmen(asesmen_id: UUID, session: Session, actor: CurrentActor) -> Any:
    """Return an assessment as it was made."""
    return await queries.asesmen(session, actor, asesmen_id)


@router.get("/asesmen/{asesmen_id}/reproduction", response_model=ReproductionView)
@may(Permission.ASESMEN_READ)
async def reproduce_asesmen(asesmen_id: UUID, session: Session, actor: CurrentActor) -> dict[str, Any]:
    """Compute an assessment again under its own version, answers and facts, and say whether it is the same."""
    return await queries.reproduction(session, actor, asesmen_id)
