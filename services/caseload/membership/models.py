from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.caseload.tables import At, Dates, KpmRef, Made, Recorded, Table
from shared.contracts.kinds import Bansos, ExitReason
from shared.database import text_enum
from shared.errors import IllegalTransition


class Kepesertaan(Table):
    """Membership in one bansos. The end of `valid` is the first day without; "active" is always as of a date.

    It ends with a reason, or because another membership goes on from that day (`continued_by`): an annulment that
    comes after a re-entry fills the days between, and no more.
    """

    __tablename__ = "kepesertaan"
    __table_args__ = (
        ExcludeConstraint(
            ("kpm_id", "="), ("bansos", "="), ("valid", "&&"), name="ex_kepesertaan_no_overlap"
        ),
        sa.CheckConstraint("NOT isempty(valid)", name="some_day"),
        sa.CheckConstraint(
            "upper_inf(valid) = (exit_reason IS NULL AND continued_by IS NULL)", name="an_end_has_a_reason"
        ),
        sa.CheckConstraint("exit_reason IS NULL OR continued_by IS NULL", name="one_end"),
    )

    kepesertaan_id: Mapped[Made]
    kpm_id: Mapped[KpmRef] = mapped_column(index=True)
    bansos: Mapped[Bansos] = mapped_column(text_enum(Bansos))
    valid: Mapped[Dates]
    exit_reason: Mapped[ExitReason | None] = mapped_column(text_enum(ExitReason))
    graduasi_id: Mapped[UUID | None]
    last_payable_tahap: Mapped[str | None]
    continued_by: Mapped[UUID | None] = mapped_column(sa.ForeignKey("kepesertaan.kepesertaan_id"))
    version: Mapped[int] = mapped_column(server_default="1")


class CaseState(StrEnum):
    """How far graduation has told us a case is."""

    OPEN = "OPEN"
    CLOSED = "CLOSED"
    DETERMINED = "DETERMINED"
    EFFECTIVE = "EFFECTIVE"
    ANNULLED = "ANNULLED"


# Onward only, whatever the order in which facts arrive. An SK that stands outweighs a closing told beside it.
CASE_MOVES = MappingProxyType(
    {state: frozenset(list(CaseState)[number + 1 :]) for number, state in enumerate(CaseState)}
)


class CaseMark(Table):
    """A case on a kepesertaan, as graduation last told; `held` while an objection stops the end.

    `facts` keeps what each fact said; the other columns follow from all of them, in whatever order they came.
    No foreign keys: what graduation tells may name what is not yet here.
    """

    __tablename__ = "case_mark"
    __table_args__ = (
        sa.Index(
            "ix_case_mark_ahead",
            "state",
            "kpm_id",
            postgresql_where=sa.text("state IN ('OPEN', 'DETERMINED', 'EFFECTIVE')"),
        ),
    )

    graduasi_id: Mapped[Made]
    kpm_id: Mapped[UUID] = mapped_column(index=True)
    kepesertaan_id: Mapped[UUID] = mapped_column(index=True)
    exit_reason: Mapped[ExitReason] = mapped_column(text_enum(ExitReason, replica=True))
    state: Mapped[CaseState] = mapped_column(text_enum(CaseState))
    held: Mapped[bool] = mapped_column(server_default=sa.false())
    sk_no: Mapped[str | None]
    sk_on: Mapped[date | None]
    term_ends_on: Mapped[date | None]
    effective_tahap: Mapped[str | None]
    effective_on: Mapped[date | None]
    last_payable_tahap: Mapped[str | None]
    certificate_no: Mapped[str | None]
    reason: Mapped[str | None]
    back_pay_tahap: Mapped[list[str]] = mapped_column(JSONB, server_default="[]")
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    changed_at: Mapped[At]

    def become(self, wanted: CaseState) -> None:
        """Move on.

        Raises:
            IllegalTransition: `CASE_MOVES` has no such move.
        """
        if wanted not in CASE_MOVES[self.state]:
            raise IllegalTransition(noun="case mark", current=self.state, wanted=wanted)
        self.state = wanted


class PendingOutcome(StrEnum):
    """STAYS: an official decided that the membership goes on. MOOT: nothing is left to decide.

    That is so where the exit was undone, the family came back, or the membership ended by a case of its own.
    """

    STAYS = "STAYS"
    MOOT = "MOOT"


class KepesertaanPending(Table):
    """An exit from another bansos asks whether this membership stays; open without an outcome, answered once.

    No foreign key to the case: it is graduation's. Why it stays is sealed for its own id.
    """

    __tablename__ = "kepesertaan_pending"
    __table_args__ = (
        sa.UniqueConstraint("kepesertaan_id", "graduasi_id", name="uq_kepesertaan_pending_once"),
        sa.Index("ix_kepesertaan_pending_open", "pending_id", postgresql_where=sa.text("outcome IS NULL")),
        sa.CheckConstraint("(outcome IS NULL) = (decided_on IS NULL)", name="answered_whole"),
        sa.CheckConstraint(
            "coalesce(outcome = 'STAYS', false) = (decided_by IS NOT NULL)", name="stays_by_somebody"
        ),
    )

    pending_id: Mapped[Made]
    kpm_id: Mapped[KpmRef] = mapped_column(index=True)
    kepesertaan_id: Mapped[UUID] = mapped_column(sa.ForeignKey("kepesertaan.kepesertaan_id"))
    graduasi_id: Mapped[UUID]
    since: Mapped[date]
    outcome: Mapped[PendingOutcome | None] = mapped_column(text_enum(PendingOutcome))
    decided_by: Mapped[str | None]
    decided_on: Mapped[date | None]
    reason_sealed: Mapped[bytes | None]
    recorded_at: Mapped[Recorded]
