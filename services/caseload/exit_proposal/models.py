"""Ends of a membership that are proposed on evidence, without a score (chain.md 4)."""

from datetime import date
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.caseload.tables import At, Dates, KpmRef, Made, Recorded, Table
from shared.contracts.kinds import Bansos, ExitReason
from shared.database import text_enum
from shared.errors import IllegalTransition


class ExitGround(Table):
    """For which reasons an end is proposed on evidence, and whether only of a family of one. Policy as data."""

    __tablename__ = "exit_ground"
    __table_args__ = (
        ExcludeConstraint(("exit_reason", "="), ("valid", "&&"), name="ex_exit_ground_one_at_a_time"),
    )

    exit_reason: Mapped[ExitReason] = mapped_column(text_enum(ExitReason), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    only_alone: Mapped[bool]
    valid: Mapped[Dates]
    source: Mapped[str]


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


class ExitProposal(Table):
    """Who proposes, on which evidence, that a membership end, and what became of it. Its words are sealed for its own id."""

    __tablename__ = "exit_proposal"
    __table_args__ = (
        sa.Index(
            "uq_exit_proposal_open",
            "kepesertaan_id",
            unique=True,
            postgresql_where=sa.text("state = 'PROPOSED'"),
        ),
        sa.Index("ix_exit_proposal_kepesertaan_id", "kepesertaan_id"),
        sa.CheckConstraint("state <> 'WITHDRAWN' OR withdrawn_on IS NOT NULL", name="withdrawn_on_a_day"),
    )

    exit_proposal_id: Mapped[Made]
    kpm_id: Mapped[KpmRef] = mapped_column(index=True)
    kepesertaan_id: Mapped[UUID] = mapped_column(sa.ForeignKey("kepesertaan.kepesertaan_id"))
    bansos: Mapped[Bansos] = mapped_column(text_enum(Bansos))
    exit_reason: Mapped[ExitReason] = mapped_column(text_enum(ExitReason))
    evidence_sha256: Mapped[str]
    happened_on: Mapped[date]
    note_sealed: Mapped[bytes | None]
    proposer: Mapped[str]
    proposer_sub: Mapped[str]
    pendamping_id: Mapped[UUID | None]
    penugasan_id: Mapped[UUID | None]
    proposed_on: Mapped[date]
    state: Mapped[ExitProposalState] = mapped_column(text_enum(ExitProposalState))
    changed_at: Mapped[At]
    recorded_at: Mapped[Recorded]
    withdrawn_on: Mapped[date | None]
    withdrawal_reason_sealed: Mapped[bytes | None]

    def become(self, wanted: ExitProposalState) -> None:
        """Take a state.

        Raises:
            IllegalTransition: `PROPOSAL_MOVES` has no such move.
        """
        if wanted not in PROPOSAL_MOVES[self.state]:
            raise IllegalTransition(noun="exit proposal", current=self.state, wanted=wanted)
        self.state = wanted
