from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.exit_proposal.models import (
    WAITS,
    ExitProposal,
    ExitProposalState,
    ExitProposalView,
)
from services.caseload.family.models import Kpm
from services.caseload.tables import columns_of
from services.caseload.visibility import accompanied_families, area_conditions
from shared import clock
from shared.access import Actor, Scope
from shared.deadlines.rules import read_deadline_days
from shared.privacy import Vault, open_texts


async def list_exit_proposals(
    session: AsyncSession,
    actor: Actor,
    *,
    kpm_id: UUID | None,
    state: ExitProposalState | None,
    waiting: bool | None,
) -> sa.Select[*tuple[Any, ...]]:
    """Select exit proposals of families that the actor may read, with sealed texts.

    `waiting`: only those that wait behind another case, or only the others.
    """
    today = await clock.today(session)
    days = await read_deadline_days(session, "exit_proposal", ExitProposalState.PROPOSED)
    waits = sa.literal_column(f"({WAITS.rows})", sa.Boolean())
    due_on = sa.case((waits, ExitProposal.proposed_on + days)).label("due_on")
    texts = (ExitProposal.note_sealed, ExitProposal.withdrawal_reason_sealed)
    statement = sa.select(*columns_of(ExitProposal, ExitProposalView), due_on, *texts)
    if waiting is not None:
        statement = statement.where(waits if waiting else sa.not_(waits))
    if actor.scope is Scope.OWN_FAMILIES:
        accompanied = accompanied_families(actor.pendamping_id, today)
        statement = statement.join(accompanied, accompanied.c.kpm_id == ExitProposal.kpm_id)
    if conditions := area_conditions(actor, None):
        statement = statement.join(Kpm, Kpm.kpm_id == ExitProposal.kpm_id).where(*conditions)
    if kpm_id is not None:
        statement = statement.where(ExitProposal.kpm_id == kpm_id)
    return statement.where(ExitProposal.state == state) if state is not None else statement


def open_proposal_texts(vault: Vault, row: dict[str, Any]) -> dict[str, Any]:
    """Return a listed proposal with its note and withdrawal reason in clear text."""
    names, proposal_id = ("note", "withdrawal_reason"), row["exit_proposal_id"]
    return open_texts(vault, row, names, table="exit_proposal", row_id=proposal_id)
