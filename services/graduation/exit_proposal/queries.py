"""Reads of the exits that caseload proposed, and of what became of them here."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.exit_proposal.models import ExitProposal, ExitProposalView
from services.graduation.visibility import held_by
from shared import clock
from shared.access import Actor, Scope
from shared.areas import in_areas

EXIT = tuple(getattr(ExitProposal, name) for name in ExitProposalView.model_fields)


async def exits(session: AsyncSession, actor: Actor, **filters: object) -> Any:
    """Select what was proposed; a pendamping sees what they proposed, and what regards families they hold today."""
    statement = sa.select(*EXIT)
    for name, value in filters.items():
        if value is not None:
            statement = statement.where(getattr(ExitProposal, name) == value)
    statement = statement.where(in_areas(ExitProposal.kode_wilayah, actor.areas))
    if actor.scope is not Scope.OWN_FAMILIES:
        return statement
    held = held_by(actor, await clock.today(session))
    mine = sa.union(
        sa.select(ExitProposal.exit_proposal_id).where(ExitProposal.proposer == actor.person),
        sa.select(ExitProposal.exit_proposal_id).where(ExitProposal.kpm_id.in_(held)),
    )
    return statement.where(ExitProposal.exit_proposal_id.in_(mine))
