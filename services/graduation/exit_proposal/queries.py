"""Query of the exit proposals of caseload."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.exit_proposal.models import (
    BEHIND_AN_EFFECT,
    ExitProposal,
    ExitProposalView,
    ExitTaken,
)
from services.graduation.visibility import select_accompanied_kpm
from shared import clock
from shared.access import Actor, Scope
from shared.areas import in_areas
from shared.deadlines.rules import read_deadline_days

EXIT_PROPOSAL_COLUMNS = tuple(getattr(ExitProposal, name) for name in ExitProposalView.model_fields)


async def select_exit_proposals(session: AsyncSession, actor: Actor, **filters: object) -> Any:
    """Select exit proposals that the actor may see.

    A pendamping sees their own proposals and those for families that they accompany today.
    """
    days = await read_deadline_days(session, "exit_proposal", ExitTaken.WAITING)
    waits = sa.and_(ExitProposal.taken == ExitTaken.WAITING, sa.text(f"NOT EXISTS ({BEHIND_AN_EFFECT})"))
    due_on = sa.case((waits, ExitProposal.proposed_on + days))
    statement = sa.select(*EXIT_PROPOSAL_COLUMNS, due_on.label("due_on"))
    for name, value in filters.items():
        if value is not None:
            statement = statement.where(getattr(ExitProposal, name) == value)
    statement = statement.where(in_areas(ExitProposal.kode_wilayah, actor.areas))
    if actor.scope is not Scope.OWN_FAMILIES:
        return statement
    accompanied = select_accompanied_kpm(actor, await clock.today(session))
    visible_ids = sa.union(
        sa.select(ExitProposal.exit_proposal_id).where(ExitProposal.proposer == actor.person),
        sa.select(ExitProposal.exit_proposal_id).where(ExitProposal.kpm_id.in_(accompanied)),
    )
    return statement.where(ExitProposal.exit_proposal_id.in_(visible_ids))
