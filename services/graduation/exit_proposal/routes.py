"""Route that lists the exit proposals of caseload."""

from typing import Annotated
from uuid import UUID

from fastapi import Query
from starlette.responses import Response

from services.graduation.exit_proposal import queries
from services.graduation.exit_proposal.models import ExitProposal, ExitTaken, TakenExitProposalItem
from shared.access import Permission
from shared.http import CurrentActor, Page, Paging, Router, Session, may

router = Router(tag="exit")


class TakenExitProposalPage(Page):
    """A page of exit proposals, oldest first."""

    items: list[TakenExitProposalItem]


@router.get("/exit-proposal", response_model=TakenExitProposalPage)
@may(Permission.GRADUASI_READ)
async def list_exit_proposal(
    session: Session,
    actor: CurrentActor,
    paging: Paging,
    taken: Annotated[ExitTaken | None, Query()] = None,
    kpm_id: Annotated[UUID | None, Query()] = None,
) -> Response:
    """List the exit proposals of caseload in the caller's areas, with the result of each."""
    statement = await queries.select_exit_proposals(session, actor, taken=taken, kpm_id=kpm_id)
    return await paging.answer(session, statement, (ExitProposal.exit_proposal_id,))
