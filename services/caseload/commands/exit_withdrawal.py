"""A proposer takes a proposed exit back, as long as no SK stands on it; graduation cancels the case."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.commands.case_facts import exit_proposal_of
from services.caseload.commands.history import remember
from services.caseload.errors.family import ExitDetermined, ExitNotOpen, NotTheProposer
from services.caseload.models import CaseMark, CaseState, ExitProposal, ExitProposalState, Kpm
from shared import clock
from shared.access import Actor
from shared.contracts.caseload import ExitProposalWithdrawn
from shared.database import load, vault_of
from shared.messaging import emit

IN_AN_SK = (CaseState.DETERMINED, CaseState.EFFECTIVE)


async def withdraw_exit(
    session: AsyncSession, actor: Actor, exit_proposal_id: UUID, *, reason: str
) -> ExitProposal:
    """Take a proposal back; the words are sealed, and graduation is told that it was.

    An SK that graduation has given and not yet told here goes before: then the membership ends all the same.

    Raises:
        NotFound, NotTheProposer, ExitNotOpen, ExitDetermined.
    """
    proposal = await load(session, ExitProposal, exit_proposal_id, noun="exit proposal")
    if not actor.is_same_as(proposal.proposer, proposal.proposer_sub):
        raise NotTheProposer
    if proposal.state is not ExitProposalState.PROPOSED:
        raise ExitNotOpen(state=proposal.state.value)
    await require_no_sk(session, proposal)
    proposal.become(ExitProposalState.WITHDRAWN)
    proposal.withdrawn_on, proposal.changed_at = await clock.today(session), await clock.now(session)
    place = {"table": "exit_proposal", "column": "withdrawal_reason", "row_id": exit_proposal_id}
    proposal.withdrawal_reason_sealed = vault_of(session).seal(reason, **place)
    await tell(session, proposal, actor)
    return proposal


async def require_no_sk(session: AsyncSession, proposal: ExitProposal) -> None:
    """Raise ExitDetermined where the case that the proposal opened stands in an SK; one that waits behind another's may go."""
    standing = sa.select(CaseMark).where(
        CaseMark.kepesertaan_id == proposal.kepesertaan_id, CaseMark.state.in_(IN_AN_SK)
    )
    for mark in await session.scalars(standing):
        if exit_proposal_of(mark.facts) == proposal.exit_proposal_id:
            raise ExitDetermined(sk_no=mark.sk_no or "?")


async def tell(session: AsyncSession, proposal: ExitProposal, actor: Actor) -> None:
    """Add it to the family's history, and tell graduation."""
    place = (proposal.kpm_id, "exit_proposal", proposal.exit_proposal_id, "WITHDRAWN")
    await remember(session, *place, who=actor.person, why=proposal.exit_reason.value)
    kpm = await session.get_one(Kpm, proposal.kpm_id)
    said = {name: getattr(proposal, name) for name in ("exit_proposal_id", "kpm_id", "kepesertaan_id")}
    said |= {"kode_wilayah": kpm.kode_wilayah, "withdrawn_by": actor.person}
    emit(session, ExitProposalWithdrawn.model_validate(said | {"withdrawn_on": proposal.withdrawn_on}))
