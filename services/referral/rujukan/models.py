"""A graduate's rujukan, the programs in it and their states (domain.md 5), each change kept with who, when and why."""

from collections import deque
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from services.referral.tables import PartialView, Table
from shared.contracts.kinds import Bansos, ExitReason, RefusalCode, RujukanProgramState, RujukanPurpose
from shared.database import text_enum
from shared.database.tables import Col, Fields
from shared.errors import IllegalTransition
from shared.fields import Rupiah
from shared.transitions import guard_moves, moves_condition, require_move

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
    require_move(TRANSITIONS, row.state, wanted, noun="rujukan")
    left, row.state = row.state, wanted
    row.version += 1
    return left


class RujukanItem(Fields):
    """A graduate's case with referral."""

    rujukan_id: Col[UUID] = Field(primary_key=True)
    graduasi_id: Col[UUID]
    kpm_id: Col[UUID]
    kode_wilayah: Col[str]
    purpose: Col[RujukanPurpose]
    bansos: Col[Annotated[Bansos, text_enum(Bansos, replica=True)]]
    exit_reason: Col[Annotated[ExitReason, text_enum(ExitReason, replica=True)]]
    state: Col[RujukanState]
    paused: Col[bool]
    matched: Col[bool]
    sk_no: Col[str]
    sk_on: Col[date]
    certificate_no: Col[str | None]
    effective_on: Col[date | None]
    offers_sha256: Col[str | None]
    opened_on: Col[date]
    version: Col[int]


class Rujukan(RujukanItem, Table, table=True):
    """One case a graduation: exactly one, however often the fact arrives; and one more if its family falls back."""

    __table_args__ = (
        sa.UniqueConstraint("graduasi_id", "purpose", name="uq_rujukan_graduasi_id_purpose"),
        sa.Index("ix_rujukan_kpm_id", "kpm_id", "rujukan_id"),
        sa.Index("ix_rujukan_open", "rujukan_id", postgresql_where=sa.text("state = 'TERBUKA'")),
        sa.CheckConstraint("version >= 1", name="version_positive"),
        guard_moves(CASE_MOVES),
    )

    withdrawn_reason: Col[str | None]

    def close(self, wanted: RujukanState) -> None:
        """End the case; raise IllegalTransition when it has ended so already."""
        require_move(CASE_MOVES, self.state, wanted, noun="rujukan")
        self.state = wanted
        self.version += 1


class RujukanProgramFacts(Fields):
    """One offer of one program, without the family's ids."""

    rujukan_program_id: Col[UUID] = Field(primary_key=True)
    rujukan_id: Col[UUID] = Field(foreign_key="rujukan.rujukan_id")
    program_id: Col[UUID] = Field(foreign_key="program.program_id")
    partner_id: Col[UUID] = Field(foreign_key="partner.partner_id")
    program_code: Col[str]
    benefit_kinds: Col[list[str]]
    kode_wilayah: Col[str]
    state: Col[RujukanProgramState]
    sent_on: Col[date | None]
    sla_due_on: Col[date | None]
    refusal_code: Col[RefusalCode | None]
    amount_rp: Col[Rupiah | None]
    delivered_on: Col[date | None]
    withdrawn_on: Col[date | None]
    version: Col[int]


class RujukanProgramItem(RujukanProgramFacts, PartialView):
    """One offer of one program. A partner is not shown the family's ids."""

    kpm_id: UUID | None = None
    graduasi_id: UUID | None = None


class RujukanProgram(RujukanProgramFacts, Table, table=True):
    """One offer of one program within a rujukan; `rujukan_program_id` is the partner's idempotency key."""

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
        guard_moves(TRANSITIONS),
    )

    graduasi_id: Col[UUID]
    kpm_id: Col[UUID]
    reasons: Col[list[dict[str, Any]]]
    usaha: Col[dict[str, Any] | None]
    shared_at: Col[datetime | None] = Field(default=None)
    delivery_id: Col[str | None] = Field(default=None)


class HistoryItem(Fields):
    """One change of state."""

    history_id: Col[UUID] = Field(primary_key=True)
    to_state: Col[RujukanProgramState]
    from_state: Col[RujukanProgramState | None]
    on: Col[date]
    by: Col[str]
    reason: Col[str]
    recorded_at: Col[datetime] = Field(default=None, sa_column_kwargs={"server_default": sa.func.now()})


class RujukanProgramHistory(HistoryItem, Table, table=True):
    """One change of state, append-only: who (a `sub`), when by both clocks, and why."""

    __table_args__ = (
        sa.Index("ix_rujukan_program_history_of", "rujukan_program_id", "history_id"),
        sa.CheckConstraint(
            moves_condition(TRANSITIONS, "from_state", "to_state", first={S.DRAF}), name="move_legal"
        ),
    )

    rujukan_program_id: Col[UUID] = Field(foreign_key=OFFER_ID)
