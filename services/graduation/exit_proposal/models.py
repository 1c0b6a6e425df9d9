"""What caseload proposed on evidence, and what became of it here."""

from datetime import date
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.graduation.tables import Area, At, Key, Sha256, Table, is_sha256
from shared.contracts.kinds import Bansos, ExitReason
from shared.database import text_enum


class ExitTaken(StrEnum):
    """What became of a proposed exit: a case; a wait for the case that stands in its way; or nothing, for want of a policy.

    WITHDRAWN: its proposer took it back before it had a case.
    """

    OPENED = "OPENED"
    WAITING = "WAITING"
    NO_POLICY = "NO_POLICY"
    WITHDRAWN = "WITHDRAWN"


class ExitProposal(Table):
    """An exit that caseload proposed, as it told; heard once. It has one case at most, its own."""

    __tablename__ = "exit_proposal"
    __table_args__ = (
        is_sha256("evidence_sha256"),
        sa.CheckConstraint("(taken = 'OPENED') = (graduasi_id IS NOT NULL)", name="opened_names_its_case"),
        sa.CheckConstraint("(taken = 'WAITING') = (behind_id IS NOT NULL)", name="waits_behind_a_case"),
        sa.UniqueConstraint("graduasi_id", name="uq_exit_proposal_graduasi_id"),
        sa.Index("ix_exit_proposal_kpm_id", "kpm_id"),
        sa.Index("ix_exit_proposal_proposer", "proposer"),
        sa.Index("ix_exit_proposal_kode_wilayah", "kode_wilayah"),
        sa.Index("ix_exit_proposal_waiting", "behind_id", postgresql_where=sa.text("taken = 'WAITING'")),
    )

    exit_proposal_id: Mapped[Key]
    kpm_id: Mapped[UUID]
    kepesertaan_id: Mapped[UUID]
    kode_wilayah: Mapped[Area]
    bansos: Mapped[Bansos] = mapped_column(text_enum(Bansos, replica=True))
    exit_reason: Mapped[ExitReason] = mapped_column(text_enum(ExitReason, replica=True))
    evidence_sha256: Mapped[Sha256]
    proposer: Mapped[str]
    # Missing in events of before the account travelled: then the proposer stands for it.
    proposer_sub: Mapped[str | None]
    pendamping_id: Mapped[UUID | None]
    penugasan_id: Mapped[UUID | None]
    proposed_on: Mapped[date]
    # The policy is the one of this day, however late the word arrives.
    told_on: Mapped[date]
    heard_at: Mapped[At]
    taken: Mapped[ExitTaken] = mapped_column(text_enum(ExitTaken))
    graduasi_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("graduasi.graduasi_id"))
    behind_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("graduasi.graduasi_id"))
