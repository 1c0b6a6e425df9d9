"""Proposals to end a membership on evidence, without a score (docs/case-lifecycle.md#exits-on-evidence)."""

from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from services.caseload.tables import RECORDED, Ranged, Table
from shared.contracts.kinds import Bansos, ExitReason
from shared.database.tables import Col, Fields, no_overlap
from shared.deadlines import END, Owner, Waits
from shared.field_classes import SPESIFIK
from shared.fields import KNOWN, Day, Paragraph, Sha256
from shared.roles import Role
from shared.transitions import guard_moves, require_move
from shared.updates import track_updates


class ExitGround(Ranged, Table, table=True):
    """An exit reason that can be proposed on evidence. Policy as data.

    With `only_alone`, the family must have a single member.
    """

    __table_args__ = (no_overlap("ex_exit_ground_one_at_a_time", "exit_reason", of="valid"),)

    exit_reason: Col[ExitReason] = Field(primary_key=True)
    version: Col[int] = Field(primary_key=True)
    only_alone: Col[bool]
    source: Col[str]


class ExitProposalState(StrEnum):
    """State of an exit proposal.

    PROPOSED: emitted, and its case has not ended. CLOSED: the case ended and the membership continues. ENDED: the
    membership ends. WITHDRAWN: the proposer withdrew it, and it can still become ENDED by an SK issued before.
    """

    PROPOSED = "PROPOSED"
    CLOSED = "CLOSED"
    ENDED = "ENDED"
    WITHDRAWN = "WITHDRAWN"


PROPOSAL_MOVES = MappingProxyType(
    {
        ExitProposalState.PROPOSED: frozenset(
            {ExitProposalState.CLOSED, ExitProposalState.ENDED, ExitProposalState.WITHDRAWN}
        ),
        ExitProposalState.ENDED: frozenset({ExitProposalState.CLOSED}),
        ExitProposalState.WITHDRAWN: frozenset({ExitProposalState.ENDED}),
        ExitProposalState.CLOSED: frozenset[ExitProposalState](),
    }
)


# A proposal without a case waits behind another case. Graduation has the deadlines of its case.
HAS_CASE = (
    "SELECT FROM case_mark c WHERE c.kepesertaan_id = exit_proposal.kepesertaan_id"
    " AND c.facts ->> 'exit_proposal_id' = exit_proposal.exit_proposal_id::text"
)
WAITS = Waits(
    dict.fromkeys(ExitProposalState, END) | {ExitProposalState.PROPOSED: Owner(Role.DINSOS_KABKOTA)},
    since="proposed_on",
    rows=f"exit_proposal.state = 'PROPOSED' AND NOT EXISTS ({HAS_CASE})",
)


class ExitProposalFacts(Fields):
    """Membership, exit reason and evidence of a proposal."""

    kpm_id: Col[UUID] = Field(foreign_key="kpm.kpm_id", index=True)
    kepesertaan_id: Col[UUID] = Field(foreign_key="kepesertaan.kepesertaan_id", index=True)
    exit_reason: Col[Annotated[ExitReason, KNOWN]]
    evidence_sha256: Col[Sha256]


class ExitProposalTerms(ExitProposalFacts):
    """A proposal with the day of the event and a note, which is stored sealed."""

    on: Day
    note: Paragraph | None = None


class ExitProposalView(ExitProposalFacts):
    """An exit proposal and its state.

    `fact_id` is the act of the family's history that it follows from, if any.
    """

    exit_proposal_id: Col[UUID] = Field(primary_key=True)
    bansos: Col[Bansos]
    happened_on: Col[date]
    proposer: Col[str]
    proposed_on: Col[date]
    state: Col[ExitProposalState]
    withdrawn_on: Col[date | None] = Field(default=None)
    fact_id: Col[UUID | None] = Field(default=None, foreign_key="kpm_history.history_id")


class ExitProposalItem(ExitProposalView):
    """A listed exit proposal with its note, and why it was withdrawn.

    While it waits behind another case, that one is to be decided by `due_on`.
    """

    due_on: date | None
    note: Annotated[str | None, SPESIFIK]
    withdrawal_reason: Annotated[str | None, SPESIFIK]


class ExitProposal(ExitProposalView, Table, table=True):
    """A proposal to end a membership on evidence.

    Note and withdrawal reason are sealed with its id.
    """

    __table_args__ = (
        *track_updates("exit_proposal_id"),
        sa.Index(
            "uq_exit_proposal_open",
            "kepesertaan_id",
            # A death goes first: it is proposed also while another proposal waits.
            sa.text("(exit_reason = 'MENINGGAL')"),
            unique=True,
            postgresql_where=sa.text("state = 'PROPOSED'"),
        ),
        sa.CheckConstraint("state <> 'WITHDRAWN' OR withdrawn_on IS NOT NULL", "withdrawn_has_date"),
        guard_moves(PROPOSAL_MOVES, waits=WAITS),
    )

    note_sealed: Col[bytes | None] = Field(default=None)
    proposer_sub: Col[str]
    pendamping_id: Col[UUID | None] = Field(default=None)
    penugasan_id: Col[UUID | None] = Field(default=None)
    changed_at: Col[datetime]
    recorded_at: Col[datetime] = RECORDED
    withdrawal_reason_sealed: Col[bytes | None] = Field(default=None)

    def transition_to(self, state: ExitProposalState) -> None:
        """Move the proposal to a state.

        Raises:
            IllegalTransition: `PROPOSAL_MOVES` has no such move.
        """
        require_move(PROPOSAL_MOVES, self.state, state, "exit proposal")
        self.state = state
