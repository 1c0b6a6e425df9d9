"""What a family is a member of, which case is about to end it, and to whom its identity was sealed."""

from datetime import date
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.caseload.models.table import At, Dates, KpmRef, Made, Recorded, Table
from shared.contracts.kinds import Bansos, ExitReason
from shared.database import text_enum


class Kepesertaan(Table):
    """Membership in one bansos. The end of `valid` is the first day without; "active" is always as of a date."""

    __tablename__ = "kepesertaan"
    __table_args__ = (
        ExcludeConstraint(
            ("kpm_id", "="), ("bansos", "="), ("valid", "&&"), name="ex_kepesertaan_no_overlap"
        ),
        sa.CheckConstraint("NOT isempty(valid)", name="some_day"),
        sa.CheckConstraint("upper_inf(valid) = (exit_reason IS NULL)", name="an_end_has_a_reason"),
    )

    kepesertaan_id: Mapped[Made]
    kpm_id: Mapped[KpmRef] = mapped_column(index=True)
    bansos: Mapped[Bansos] = mapped_column(text_enum(Bansos))
    valid: Mapped[Dates]
    exit_reason: Mapped[ExitReason | None] = mapped_column(text_enum(ExitReason))
    graduasi_id: Mapped[UUID | None]
    last_payable_tahap: Mapped[str | None]
    version: Mapped[int] = mapped_column(server_default="1")


class CaseState(StrEnum):
    """How far graduation has told us a case is."""

    OPEN = "OPEN"
    DETERMINED = "DETERMINED"
    EFFECTIVE = "EFFECTIVE"
    CLOSED = "CLOSED"
    ANNULLED = "ANNULLED"


class CaseMark(Table):
    """A case on a kepesertaan, as graduation last told; `held` while an objection stops the end.

    No foreign keys: what graduation tells may name what is not yet here.
    """

    __tablename__ = "case_mark"

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
    changed_at: Mapped[At]


class SealingState(StrEnum):
    """CONSENTED: agreed, nothing sealed yet; SEALED: on its way; WITHDRAWN: nothing more is sealed."""

    CONSENTED = "CONSENTED"
    SEALED = "SEALED"
    WITHDRAWN = "WITHDRAWN"


class Sealing(Table):
    """An identity sealed to one recipient for one thing: by whose consent, under which key, and when."""

    __tablename__ = "sealing"

    recipient: Mapped[str] = mapped_column(primary_key=True)
    for_id: Mapped[UUID] = mapped_column(primary_key=True)
    kpm_id: Mapped[UUID] = mapped_column(index=True)
    consent_id: Mapped[UUID]
    partner_id: Mapped[UUID]
    text_version: Mapped[int]
    state: Mapped[SealingState] = mapped_column(text_enum(SealingState))
    key_id: Mapped[str | None]
    sealed_at: Mapped[At | None]
    withdrawn_at: Mapped[At | None]
    recorded_at: Mapped[Recorded]
