"""Table of the exit proposals of caseload."""

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
from shared.deadlines import END, Owner, Waits, track_waits
from shared.fields import Wilayah
from shared.roles import Role
from shared.updates import track_updates


class ExitTaken(StrEnum):
    """Result of an exit proposal.

    OPENED: it has a case. WAITING: it waits until another case of the kepesertaan ends. NO_POLICY: no policy of its
    exit reason was in force. WITHDRAWN: its proposer withdrew it before it had a case.
    """

    OPENED = "OPENED"
    WAITING = "WAITING"
    NO_POLICY = "NO_POLICY"
    WITHDRAWN = "WITHDRAWN"


# Nobody has to act while the exit is in effect. Its annulment takes the proposal up.
BEHIND_AN_EFFECT = """SELECT FROM graduasi g WHERE g.graduasi_id = exit_proposal.behind_id
    AND g.state IN ('EFEKTIF', 'PEMANTAUAN', 'SELESAI')"""
WAITS = Waits(
    {
        ExitTaken.OPENED: END,
        ExitTaken.WAITING: Owner(Role.DINSOS_KABKOTA),
        ExitTaken.NO_POLICY: Owner(Role.KEMENSOS),
        ExitTaken.WITHDRAWN: END,
    },
    state="taken",
    since="proposed_on",
    rows=f"NOT EXISTS ({BEHIND_AN_EFFECT})",
)


class ExitProposalView(Fields):
    """An exit proposal. `graduasi_id` is the case it opened, `behind_id` the case it waits for."""

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


class TakenExitProposalItem(ExitProposalView):
    """A listed exit proposal.

    While it waits, the other case is to be decided by `due_on`, unless that exit is in effect.
    """

    due_on: date | None


class ExitProposal(ExitProposalView, Table, table=True):
    """An exit proposal of caseload. It opens at most one case."""

    __table_args__ = (
        *track_updates("exit_proposal_id"),
        is_sha256("evidence_sha256"),
        sa.CheckConstraint("(taken = 'OPENED') = (graduasi_id IS NOT NULL)", name="opened_names_its_case"),
        sa.CheckConstraint("(taken = 'WAITING') = (behind_id IS NOT NULL)", name="waits_behind_a_case"),
        sa.UniqueConstraint("graduasi_id"),
        sa.Index("ix_exit_proposal_waiting", "behind_id", postgresql_where=sa.text("taken = 'WAITING'")),
        track_waits(WAITS),
    )

    bansos: Col[Annotated[Bansos, text_enum(Bansos, replica=True)]]
    evidence_sha256: Col[Sha256]
    # NULL for events of old versions, which have no account: `proposer` is used instead.
    proposer_sub: Col[str | None]
    pendamping_id: Col[UUID | None]
    penugasan_id: Col[UUID | None]
    # The date of the event. Its policy applies, even if the event arrives later.
    occurred_on: Col[date]
    received_at: Col[datetime]
