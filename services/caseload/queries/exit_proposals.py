from typing import Any
from uuid import UUID

import sqlalchemy as sa

from services.caseload.models import ExitProposal, ExitProposalState, Kpm
from services.caseload.queries.sight import own
from shared.access import Actor

COLUMNS = (
    "exit_proposal_id",
    "kpm_id",
    "kepesertaan_id",
    "bansos",
    "exit_reason",
    "evidence_sha256",
    "happened_on",
    "proposer",
    "proposed_on",
    "state",
    "withdrawn_on",
)


def list_exit_proposals(
    actor: Actor, today: Any, kpm_id: UUID | None, state: ExitProposalState | None
) -> sa.Select[*tuple[Any, ...]]:
    """Select proposals to end a membership, of families that the caller may see; ordered by `exit_proposal_id`."""
    statement = sa.select(*(getattr(ExitProposal, name) for name in COLUMNS))
    statement = statement.join(Kpm, Kpm.kpm_id == ExitProposal.kpm_id).where(own(actor, today))
    if kpm_id is not None:
        statement = statement.where(ExitProposal.kpm_id == kpm_id)
    return statement.where(ExitProposal.state == state) if state is not None else statement
