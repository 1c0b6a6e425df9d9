from typing import Any
from uuid import UUID

import sqlalchemy as sa

from services.caseload.exit_proposal.models import ExitProposal, ExitProposalState, ExitProposalView
from services.caseload.family.models import Kpm
from services.caseload.tables import columns_of
from services.caseload.visibility import accompanied_families, area_conditions
from shared.access import Actor, Scope


def list_exit_proposals(
    actor: Actor, today: Any, kpm_id: UUID | None, state: ExitProposalState | None
) -> sa.Select[*tuple[Any, ...]]:
    """Select exit proposals of families that the actor may read. The caller orders them."""
    statement = sa.select(*columns_of(ExitProposal, ExitProposalView))
    if actor.scope is Scope.OWN_FAMILIES:
        accompanied = accompanied_families(actor.pendamping_id, today)
        statement = statement.join(accompanied, accompanied.c.kpm_id == ExitProposal.kpm_id)
    if conditions := area_conditions(actor, None):
        statement = statement.join(Kpm, Kpm.kpm_id == ExitProposal.kpm_id).where(*conditions)
    if kpm_id is not None:
        statement = statement.where(ExitProposal.kpm_id == kpm_id)
    return statement.where(ExitProposal.state == state) if state is not None else statement
