"""What caseload proposed on evidence, and what became of it here."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from services.graduation.tables import Sha256, Table, is_sha256
from shared.contracts.kinds import Bansos, ExitReason
from shared.database import text_enum
from shared.database.tables import Col, Fields
from shared.fields import Wilayah


class ExitTaken(StrEnum):
    """What became of a proposed exit: a case; a wait for the case that stands in its way; or nothing, for want of a policy.

    WITHDRAWN: its proposer took it back before it had a case.
    """

    OPENED = "OPENED"
    WAITING = "WAITING"
    NO_POLICY = "NO_POLICY"
    WITHDRAWN = "WITHDRAWN"


class ExitProposalView(Fields):
    """A proposed exit: `graduasi_id` is the case it opened, `behind_id` the one that it waits behind."""

    exit_proposal_id: Col[UUID] = Field(primary_key=True)
    kpm_id: Col[UUID] = Field(index=True)
    kepesertaan_id: Col[UUID]
    kode_wilayah: Col[Wilayah] = Field(index=True)
    exit_reason: Col[Annotated[ExitReason, text_enum(ExitReason, replica=True)]]
    proposer: Col[str] = Field(index=True)
    proposed_on: Col[date]
    taken: Col[ExitTaken]
    graduasi_id: Col[UUID | None] = Field(foreign_key="graduasi.graduasi_id")
    behind_id: Col[UUID | None] = Field(foreign_key="graduasi.graduasi_id")


class ExitProposal(ExitProposalView, Table, table=True):
    """An exit that caseload proposed, as it told; heard once. It has one case at most, its own."""

    __table_args__ = (
        is_sha256("evidence_sha256"),
        sa.CheckConstraint("(taken = 'OPENED') = (graduasi_id IS NOT NULL)", name="opened_names_its_case"),
        sa.CheckConstraint("(taken = 'WAITING') = (behind_id IS NOT NULL)", name="waits_behind_a_case"),
        sa.UniqueConstraint("graduasi_id"),
        sa.Index("ix_exit_proposal_waiting", "behind_id", postgresql_where=sa.text("taken = 'WAITING'")),
    )

    bansos: Col[Annotated[Bansos, text_enum(Bansos, replica=True)]]
    evidence_sha256: Col[Sha256]
    # Missing in events of before the account travelled: then the proposer stands for it.
    proposer_sub: Col[str | None]
    pendamping_id: Col[UUID | None]
    penugasan_id: Col[UUID | None]
    # The policy is the one of this day, however late the word arrives.
    told_on: Col[date]
    heard_at: Col[datetime]
