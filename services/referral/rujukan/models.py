"""A graduate's rujukan, the programs in it and their states (domain.md 5), each change kept with who, when and why."""

from collections import deque
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.referral.tables import Table
from shared.contracts.kinds import Bansos, ExitReason, RefusalCode, RujukanProgramState, RujukanPurpose
from shared.database import Rupiah, text_enum
from shared.errors import IllegalTransition

S = RujukanProgramState
# The column to which a foreign key to an offer points.
OFFER_ID = "rujukan_program.rujukan_program_id"


class RujukanState(StrEnum):
    """A family's whole case with referral."""

    TERBUKA = "TERBUKA"
    DICABUT = "DICABUT"
    TUTUP = "TUTUP"


# domain.md 5. DISETUJUI_KPM to GAGAL_KIRIM is the first try that did not reach the partner.
TRANSITIONS: dict[RujukanProgramState, frozenset[RujukanProgramState]] = {
    S.DRAF: frozenset({S.DISETUJUI_KPM, S.DICABUT}),
    S.DISETUJUI_KPM: frozenset({S.TERKIRIM, S.GAGAL_KIRIM, S.DICABUT}),
    S.TERKIRIM: frozenset({S.GAGAL_KIRIM, S.DITERIMA_SISTEM, S.KEDALUWARSA, S.DICABUT}),
    S.GAGAL_KIRIM: frozenset({S.TERKIRIM, S.DICABUT}),
    S.DITERIMA_SISTEM: frozenset({S.DIPROSES, S.KEDALUWARSA, S.DICABUT}),
    S.DIPROSES: frozenset({S.DISETUJUI, S.DITOLAK, S.PERLU_DATA, S.DAFTAR_TUNGGU, S.KEDALUWARSA, S.DICABUT}),
    S.PERLU_DATA: frozenset({S.DIPROSES, S.KEDALUWARSA, S.DICABUT}),
    S.DAFTAR_TUNGGU: frozenset({S.DIPROSES, S.KEDALUWARSA, S.DICABUT}),
    S.DISETUJUI: frozenset({S.DISALURKAN, S.DICABUT}),
    S.DISALURKAN: frozenset({S.TUTUP, S.DICABUT}),
    S.DITOLAK: frozenset(),
    S.KEDALUWARSA: frozenset(),
    S.DICABUT: frozenset(),
    S.TUTUP: frozenset(),
}
ENDED = frozenset(state for state, following in TRANSITIONS.items() if not following)
# What a partner may say. That it answers at all proves the states in between, which it need not tell one by one.
PARTNER_ANSWERS = (S.DITERIMA_SISTEM, S.DIPROSES, S.DISETUJUI, S.DITOLAK, S.PERLU_DATA, S.DAFTAR_TUNGGU)
IMPLIED = frozenset({S.TERKIRIM, S.DITERIMA_SISTEM, S.DIPROSES})
# The SLA runs while it is the partner's turn, to answer or, of what it approved, to deliver; PERLU_DATA and
# DAFTAR_TUNGGU are answers.
WAITS_FOR_ANSWER = frozenset({S.TERKIRIM, S.DITERIMA_SISTEM, S.DIPROSES})
WAITS_FOR_DELIVERY = frozenset({S.DISETUJUI})
WAITS_FOR_PARTNER = WAITS_FOR_ANSWER | WAITS_FOR_DELIVERY
CASE_MOVES = {
    RujukanState.TERBUKA: frozenset({RujukanState.DICABUT, RujukanState.TUTUP}),
    RujukanState.TUTUP: frozenset({RujukanState.DICABUT}),
    RujukanState.DICABUT: frozenset[RujukanState](),
}


def road(current: RujukanProgramState, wanted: RujukanProgramState) -> list[RujukanProgramState]:
    """Return the states to pass through to `wanted`, itself last; those between are implied by a partner's answer.

    Raises:
        IllegalTransition: there is no such road.
    """
    waiting = deque([(current, list[RujukanProgramState]())])
    seen = {current}
    while waiting:
        place, passed = waiting.popleft()
        if wanted in TRANSITIONS[place]:
            return [*passed, wanted]
        for step in sorted(TRANSITIONS[place] & IMPLIED - seen):
            seen.add(step)
            waiting.append((step, [*passed, step]))
    raise IllegalTransition(noun="rujukan", current=current, wanted=wanted)


def become(row: "RujukanProgram", wanted: RujukanProgramState) -> RujukanProgramState:
    """Move to `wanted` and return the state left.

    Raises:
        IllegalTransition: domain.md 5 knows no such move.
    """
    if wanted not in TRANSITIONS[row.state]:
        raise IllegalTransition(noun="rujukan", current=row.state, wanted=wanted)
    left, row.state = row.state, wanted
    row.version += 1
    return left


class Rujukan(Table):
    """One case a graduation: exactly one, however often the fact arrives; and one more if its family falls back."""

    __tablename__ = "rujukan"

    rujukan_id: Mapped[UUID] = mapped_column(primary_key=True)
    graduasi_id: Mapped[UUID]
    kpm_id: Mapped[UUID]
    kode_wilayah: Mapped[str]
    purpose: Mapped[RujukanPurpose] = mapped_column(text_enum(RujukanPurpose))
    bansos: Mapped[Bansos] = mapped_column(text_enum(Bansos, replica=True))
    exit_reason: Mapped[ExitReason] = mapped_column(text_enum(ExitReason, replica=True))
    state: Mapped[RujukanState] = mapped_column(text_enum(RujukanState), default=RujukanState.TERBUKA)
    paused: Mapped[bool] = mapped_column(default=False)
    matched: Mapped[bool] = mapped_column(default=False)
    sk_no: Mapped[str]
    sk_on: Mapped[date]
    certificate_no: Mapped[str | None]
    effective_on: Mapped[date | None]
    offers_sha256: Mapped[str | None]
    withdrawn_reason: Mapped[str | None]
    opened_on: Mapped[date]
    version: Mapped[int] = mapped_column(default=1)

    __table_args__ = (
        sa.UniqueConstraint("graduasi_id", "purpose", name="uq_rujukan_graduasi_id_purpose"),
        sa.Index("ix_rujukan_kpm_id", "kpm_id", "rujukan_id"),
        sa.Index("ix_rujukan_open", "rujukan_id", postgresql_where=sa.text("state = 'TERBUKA'")),
        sa.CheckConstraint("version >= 1", name="version_positive"),
    )

    def close(self, wanted: RujukanState) -> None:
        """End the case; raise IllegalTransition when it has ended so already."""
        if wanted not in CASE_MOVES[self.state]:
            raise IllegalTransition(noun="rujukan", current=self.state, wanted=wanted)
        self.state = wanted
        self.version += 1


class RujukanProgram(Table):
    """One offer of one program within a rujukan; `rujukan_program_id` is the partner's idempotency key."""

    __tablename__ = "rujukan_program"

    rujukan_program_id: Mapped[UUID] = mapped_column(primary_key=True)
    rujukan_id: Mapped[UUID] = mapped_column(sa.ForeignKey("rujukan.rujukan_id"))
    program_id: Mapped[UUID] = mapped_column(sa.ForeignKey("program.program_id"))
    partner_id: Mapped[UUID] = mapped_column(sa.ForeignKey("partner.partner_id"))
    graduasi_id: Mapped[UUID]
    kpm_id: Mapped[UUID]
    kode_wilayah: Mapped[str]
    program_code: Mapped[str]
    benefit_kinds: Mapped[list[str]] = mapped_column(ARRAY(sa.Text))
    state: Mapped[RujukanProgramState] = mapped_column(text_enum(RujukanProgramState), default=S.DRAF)
    reasons: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    usaha: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    shared_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    sent_on: Mapped[date | None]
    sla_due_on: Mapped[date | None]
    refusal_code: Mapped[RefusalCode | None] = mapped_column(text_enum(RefusalCode))
    amount_rp: Mapped[Rupiah | None]
    delivery_id: Mapped[str | None]
    delivered_on: Mapped[date | None]
    withdrawn_on: Mapped[date | None]
    version: Mapped[int] = mapped_column(default=1)

    __table_args__ = (
        sa.UniqueConstraint("rujukan_id", "program_code", name="uq_rujukan_program_once"),
        sa.Index("ix_rujukan_program_partner_id", "partner_id", "rujukan_program_id"),
        sa.Index("ix_rujukan_program_kpm_id", "kpm_id", "rujukan_program_id"),
        sa.Index("ix_rujukan_program_area", "kode_wilayah", "rujukan_program_id"),
        sa.Index("ix_rujukan_program_state_area", "state", "kode_wilayah", "rujukan_program_id"),
        sa.CheckConstraint("state <> 'DITOLAK' OR refusal_code IS NOT NULL", name="refusal_has_code"),
        sa.CheckConstraint(
            "state NOT IN ('DISALURKAN', 'TUTUP') OR delivered_on IS NOT NULL", name="delivery_has_date"
        ),
        sa.CheckConstraint("state NOT IN ('DRAF') OR shared_at IS NULL", name="draft_is_not_shared"),
        sa.CheckConstraint("amount_rp >= 0", name="amount_not_negative"),
    )


class RujukanProgramHistory(Table):
    """One change of state, append-only: who (a `sub`), when by both clocks, and why."""

    __tablename__ = "rujukan_program_history"

    history_id: Mapped[UUID] = mapped_column(primary_key=True)
    rujukan_program_id: Mapped[UUID] = mapped_column(sa.ForeignKey(OFFER_ID))
    from_state: Mapped[str | None]
    to_state: Mapped[RujukanProgramState] = mapped_column(text_enum(RujukanProgramState))
    on: Mapped[date]
    by: Mapped[str]
    reason: Mapped[str]
    recorded_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), server_default=sa.func.now())

    __table_args__ = (sa.Index("ix_rujukan_program_history_of", "rujukan_program_id", "history_id"),)
