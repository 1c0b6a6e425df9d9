"""Ends of a membership that are proposed on evidence, without a score (chain.md 4)."""

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
from shared.fields import KNOWN, Day, Paragraph, Sha256
from shared.transitions import guard_moves, require_move


class ExitGround(Ranged, Table, table=True):
    """For which reasons an end is proposed on evidence, and whether only of a family of one. Policy as data."""

    __table_args__ = (no_overlap("ex_exit_ground_one_at_a_time", "exit_reason", of="valid"),)

    exit_reason: Col[ExitReason] = Field(primary_key=True)
    version: Col[int] = Field(primary_key=True)
    only_alone: Col[bool]
    source: Col[str]


class ExitProposalState(StrEnum):
    """PROPOSED: told to graduation, until its case has ended; CLOSED: the membership goes on; ENDED: it ends.

    WITHDRAWN: its proposer took it back; where an SK was faster, the membership ends all the same.
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


class ExitProposalFacts(Fields):
    """Which membership ends why, on which evidence."""

    kpm_id: Col[UUID] = Field(foreign_key="kpm.kpm_id", index=True)
    kepesertaan_id: Col[UUID] = Field(foreign_key="kepesertaan.kepesertaan_id", index=True)
    exit_reason: Col[Annotated[ExitReason, KNOWN]]
    evidence_sha256: Col[Sha256]


class ExitProposalTerms(ExitProposalFacts):
    """A proposal with the day of the event and a note, which is sealed."""

    on: Day
    note: Paragraph | None = None


class ExitProposalView(ExitProposalFacts):
    """A proposal and what became of it: PROPOSED until its case ends, CLOSED without an end, ENDED with one, WITHDRAWN."""

    exit_proposal_id: Col[UUID] = Field(primary_key=True)
    bansos: Col[Bansos]
    happened_on: Col[date]
    proposer: Col[str]
    proposed_on: Col[date]
    state: Col[ExitProposalState]
    withdrawn_on: Col[date | None] = Field(default=None)


class ExitProposal(ExitProposalView, Table, table=True):
    """Who proposes, on which evidence, that a membership end, and what became of it. Its words are sealed for its own id."""

    __table_args__ = (
        sa.Index(
            "uq_exit_proposal_open",
            "kepesertaan_id",
            unique=True,
            postgresql_where=sa.text("state = 'PROPOSED'"),
        ),
        sa.CheckConstraint("state <> 'WITHDRAWN' OR withdrawn_on IS NOT NULL", "withdrawn_on_a_day"),
        guard_moves(PROPOSAL_MOVES),
    )

    note_sealed: Col[bytes | None] = Field(default=None)
    proposer_sub: Col[str]
    pendamping_id: Col[UUID | None] = Field(default=None)
    penugasan_id: Col[UUID | None] = Field(default=None)
    changed_at: Col[datetime]
    recorded_at: Col[datetime] = RECORDED
    withdrawal_reason_sealed: Col[bytes | None] = Field(default=None)

    def become(self, state: ExitProposalState) -> None:
        """Move to a state.

        Raises:
            IllegalTransition: `PROPOSAL_MOVES` has no such move.
        """
        require_move(PROPOSAL_MOVES, self.state, state, "exit proposal")
        self.state = state
