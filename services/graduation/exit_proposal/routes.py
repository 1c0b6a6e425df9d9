"""Route that lists the exit proposals of caseload."""

from typing import Annotated
from uuid import UUID

from fastapi import Query
from starlette.responses import Response

from services.graduation.exit_proposal import queries
from services.graduation.exit_proposal.models import ExitProposal, ExitTaken, TakenExitProposalItem
from shared.access import Permission
from shared.http import CurrentActor, Router, Session, may
from shared.http.changes import ChangePage, ChangePaging, DayRange, days_of

router = Router(tag="exit")


class TakenExitProposalPage(ChangePage):
    """A page of exit proposals, oldest first."""

    items: list[TakenExitProposalItem]


@router.get("/exit-proposal", response_model=TakenExitProposalPage)
@may(Permission.GRADUASI_READ)
async def list_exit_proposal(
    session: Session,
    actor: CurrentActor,
    paging: ChangePaging,
    days: Annotated[DayRange, days_of("proposed_on")],
    taken: Annotated[ExitTaken | None, Query()] = None,
    kpm_id: Annotated[UUID | None, Query()] = None,
) -> Response:
    """List the exit proposals of caseload in the caller's areas, with the result of each."""
    statement = await queries.select_exit_proposals(session, actor, taken=taken, kpm_id=kpm_id)
    return await paging.answer(
        session, days.limit(statement, ExitProposal.proposed_on), (ExitProposal.exit_proposal_id,)
    )
