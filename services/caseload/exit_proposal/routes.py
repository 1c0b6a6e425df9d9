"""Routes of proposals to end a membership on evidence."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Query
from starlette.responses import Response

from services.caseload.exit_proposal.commands import withdraw_exit
from services.caseload.exit_proposal.models import (
    ExitProposal,
    ExitProposalItem,
    ExitProposalState,
    ExitProposalTerms,
    ExitProposalView,
)
from services.caseload.exit_proposal.queries import list_exit_proposals, open_proposal_texts
from services.caseload.member.commands.family_end import propose_exit
from shared.access import Permission
from shared.database import vault_of
from shared.fields import Body, Paragraph, RequestOnly
from shared.http import CurrentActor, Router, Session, may
from shared.http.changes import ChangePage, ChangePaging, DayRange, days_of
from shared.remedies import one_of, operation, to_call
from shared.roles import DINSOS, FIELD, MINISTRY

exit_proposals = Router(tag="exit-proposal")
# By the proposer before the SK, with the recorded death, or after the SK.
UNDONE = one_of(
    to_call("withdraw_exit_proposal", FIELD | DINSOS),
    to_call("take_anggota_back", DINSOS),
    to_call("graduation.annul_graduasi", MINISTRY),
)


class ExitProposalRequest(ExitProposalTerms, Body):
    """Membership, exit reason and evidence. `on` is the day of the death, move or finding."""


class ExitWithdrawal(Body):
    """Why the proposal is withdrawn. The reason is stored sealed."""

    reason: Annotated[Paragraph, RequestOnly("Keluarga ternyata masih tinggal di alamat lama.")]


class ExitProposalPage(ChangePage):
    """Proposals in the order in which they were recorded."""

    items: list[ExitProposalItem]


@exit_proposals.post("/exit-proposal", status_code=201)
@may(Permission.EXIT_PROPOSE, key_required=True, author_reads=True, undo=UNDONE)
async def propose_exit_of_kpm(
    body: ExitProposalRequest, session: Session, actor: CurrentActor
) -> ExitProposalView:
    """Propose to end a membership without a score: MENINGGAL, PINDAH, DATA_GANDA, TIDAK_DITEMUKAN.

    MENINGGAL records the death of the only member: the family ends, and each of its memberships is proposed.
    """
    return await propose_exit(session, actor, body)


@exit_proposals.post("/exit-proposal/{exit_proposal_id}/withdrawal", status_code=201)
@may(
    Permission.EXIT_PROPOSE,
    key_required=True,
    author_reads=True,
    undo=operation("propose_exit_of_kpm", FIELD | DINSOS),
)
async def withdraw_exit_proposal(
    exit_proposal_id: UUID, body: ExitWithdrawal, session: Session, actor: CurrentActor
) -> ExitProposalView:
    """Withdraw one's own proposal before an SK is issued. Graduation cancels its case."""
    return await withdraw_exit(session, actor, exit_proposal_id, reason=body.reason)


@exit_proposals.get("/exit-proposal", response_model=ExitProposalPage)
@may(Permission.KPM_READ)
async def list_exit_proposal(
    session: Session,
    actor: CurrentActor,
    paging: ChangePaging,
    days: Annotated[DayRange, days_of("proposed_on")],
    kpm_id: Annotated[UUID | None, Query()] = None,
    state: Annotated[ExitProposalState | None, Query()] = None,
    waiting: Annotated[bool | None, Query()] = None,
) -> Response:
    """List proposals of families that the caller may read.

    `waiting=true`: those that wait behind another case of the membership, with the day by which it is to be decided.
    """
    statement = await list_exit_proposals(session, actor, kpm_id=kpm_id, state=state, waiting=waiting)
    shape = partial(open_proposal_texts, vault_of(session))
    return await paging.answer(
        session,
        days.limit(statement, ExitProposal.proposed_on),
        (ExitProposal.exit_proposal_id,),
        shape=shape,
    )
