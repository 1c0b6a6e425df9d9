"""Tables, views and state machines of rujukan and of the programs offered in them."""

from collections.abc import Collection
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from services.referral.replicas.models import UsahaFacts
from services.referral.rujukan.errors import ADVICE, NEXT_ACTS
from services.referral.tables import MoveReason, PartialView, Table
from shared.contracts.kinds import Bansos, ExitReason
from shared.contracts.rujukan_kinds import RefusalCode, RujukanProgramState, RujukanPurpose
from shared.database import text_enum
from shared.database.tables import Col, Fields
from shared.deadlines import END, Owner, Until, Waits
from shared.field_classes import SPESIFIK
from shared.fields import ActingRole, Rupiah
from shared.roles import Role
from shared.transitions import guard_moves, moves_condition, require_move
from shared.updates import track_updates

S = RujukanProgramState
OFFER_ID = "rujukan_program.rujukan_program_id"  # the target of a foreign key to an offer


class RujukanState(StrEnum):
    """State of a rujukan."""

    TERBUKA = "TERBUKA"
    DICABUT = "DICABUT"
    TUTUP = "TUTUP"


# The moves of docs/case-lifecycle.md#rujukan-programs. GAGAL_KIRIM follows an attempt that was not taken.
FORWARD: dict[RujukanProgramState, frozenset[RujukanProgramState]] = {
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
ENDED = frozenset(state for state, following in FORWARD.items() if not following)
UNSENT_STATES = frozenset({S.DISETUJUI_KPM, S.GAGAL_KIRIM})
# The answers that a partner may give. An answer implies the states before it, which it need not report.
PARTNER_ANSWERS = (S.DITERIMA_SISTEM, S.DIPROSES, S.DISETUJUI, S.DITOLAK, S.PERLU_DATA, S.DAFTAR_TUNGGU)
# Corrections and voids lead back, and late facts reopen (docs/case-lifecycle.md#corrections, #late-facts).
TRANSITIONS: dict[RujukanProgramState, frozenset[RujukanProgramState]] = {
    **FORWARD,
    **{state: FORWARD[state] | frozenset(PARTNER_ANSWERS) - {state} for state in PARTNER_ANSWERS},
    S.KEDALUWARSA: frozenset({*PARTNER_ANSWERS, S.DISALURKAN}),
    S.DISALURKAN: FORWARD[S.DISALURKAN] | {S.DISETUJUI, S.KEDALUWARSA},
    S.TUTUP: frozenset({S.DISALURKAN, S.DISETUJUI, S.KEDALUWARSA}),
}
# The SLA runs while the partner has to answer, or to deliver. PERLU_DATA and DAFTAR_TUNGGU are answers.
WAITS_FOR_ANSWER = frozenset({S.TERKIRIM, S.DITERIMA_SISTEM, S.DIPROSES})
WAITS_FOR_DELIVERY = frozenset({S.DISETUJUI})
WAITS_FOR_PARTNER = WAITS_FOR_ANSWER | WAITS_FOR_DELIVERY
CASE_MOVES = {
    RujukanState.TERBUKA: frozenset({RujukanState.DICABUT, RujukanState.TUTUP}),
    RujukanState.TUTUP: frozenset({RujukanState.DICABUT, RujukanState.TERBUKA}),
    RujukanState.DICABUT: frozenset[RujukanState](),
}
# A rujukan waits while nothing is offered in it, unless its family has ended. A pause stops the clock.
CASE_WAITS = Waits(
    dict.fromkeys(RujukanState, END) | {RujukanState.TERBUKA: Owner(Role.DINSOS_KABKOTA)},
    since="greatest(opened_on, (SELECT max(w.resumed_on) FROM rujukan_pause w WHERE w.rujukan_id = rujukan.rujukan_id))",
    rows="state = 'TERBUKA' AND NOT paused AND NOT EXISTS (SELECT FROM rujukan_program p WHERE p.rujukan_id ="
    " rujukan.rujukan_id) AND NOT EXISTS (SELECT FROM replica_kpm.kpm k WHERE k.kpm_id = rujukan.kpm_id AND k.ended_on IS NOT NULL)",
)
LAST_MOVE = f'SELECT max(h."on") FROM rujukan_program_history h WHERE h.rujukan_program_id = {OFFER_ID}'  # noqa: S608
# The clock of an offer that is not sent starts at its consent, or at the effect that its program waits for.
SINCE = f"""greatest(
    coalesce((SELECT c.given_on FROM consent c WHERE c.rujukan_program_id = {OFFER_ID}), ({LAST_MOVE})),
    (SELECT r.effective_on FROM rujukan r JOIN program p ON p.program_id = rujukan_program.program_id
        WHERE r.rujukan_id = rujukan_program.rujukan_id AND p.send_from = 'effective'
        AND rujukan_program.state IN ('DISETUJUI_KPM', 'GAGAL_KIRIM')),
    (SELECT max(w.resumed_on) FROM rujukan_pause w WHERE w.rujukan_id = rujukan_program.rujukan_id))"""  # noqa: S608
CAN_WAIT = """NOT EXISTS (SELECT FROM rujukan r JOIN program p ON p.program_id = rujukan_program.program_id
    WHERE r.rujukan_id = rujukan_program.rujukan_id AND (r.paused OR r.effective_on IS NULL
    AND p.send_from = 'effective' AND rujukan_program.state IN ('DISETUJUI_KPM', 'GAGAL_KIRIM')))"""
# The aid ends by itself some days after its last outcome was due, or after a void has opened the offer again.
AID_ENDS = f"""greatest((SELECT coalesce(max(t.due_on), rujukan_program.delivered_on) FROM outcome_task t
    WHERE t.rujukan_program_id = {OFFER_ID}), ({LAST_MOVE})) + (SELECT max(s.close_after_days) FROM sla_term s)"""  # noqa: S608
WAITS = Waits(
    dict.fromkeys(ENDED, END)
    | dict.fromkeys(UNSENT_STATES, Owner(Role.DINSOS_KABKOTA))
    | dict.fromkeys(WAITS_FOR_PARTNER | {S.DAFTAR_TUNGGU}, Until("sla_due_on", Role.PARTNER))
    | {
        S.DRAF: Owner(Role.PENDAMPING),
        S.PERLU_DATA: Until("sla_due_on", Role.PENDAMPING),
        S.DISALURKAN: Until(AID_ENDS),
    },
    since=SINCE,
    rows=CAN_WAIT,
)


def transition_to(row: "RujukanProgram", target: RujukanProgramState) -> RujukanProgramState:
    """Move to `target` and return the previous state.

    Raises:
        IllegalTransition: TRANSITIONS (docs/case-lifecycle.md#rujukan-programs) has no such move.
    """
    require_move(TRANSITIONS, row.state, target, "referred program", NEXT_ACTS[row.state], ADVICE)
    previous, row.state = row.state, target
    row.version += 1
    return previous


def summarize_usaha(usaha: UsahaFacts | None) -> dict[str, Any] | None:
    """Return what a partner may learn of a usaha."""
    if usaha is None:
        return None
    facts = {name: getattr(usaha, name) for name in ("sector", "omzet_rp", "has_nib", "has_letter")}
    return facts | {"started_on": usaha.started_on.isoformat()}


class RujukanItem(Fields):
    """A rujukan of a graduate."""

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
    """A rujukan: one for each graduation and purpose.

    A graduation has one of purpose PASCAGRADUASI, and one of purpose KAMBUH after a confirmed relapse.
    """

    __table_args__ = (
        *track_updates("rujukan_id"),
        # After the reversal of a relapse another one may be confirmed.
        sa.Index(
            "uq_rujukan_graduasi_id_purpose",
            *("graduasi_id", "purpose"),
            unique=True,
            postgresql_where=sa.text("purpose <> 'KAMBUH' OR state <> 'DICABUT'"),
        ),
        sa.Index("ix_rujukan_kpm_id", "kpm_id", "rujukan_id"),
        sa.Index("ix_rujukan_open", "rujukan_id", postgresql_where=sa.text("state = 'TERBUKA'")),
        sa.CheckConstraint("version >= 1", name="version_positive"),
        guard_moves(CASE_MOVES, waits=CASE_WAITS),
    )

    withdrawn_reason: Col[str | None]

    def move_to(self, target: RujukanState) -> None:
        """End the rujukan, or open it again.

        Raises:
            IllegalTransition: CASE_MOVES has no such move.
        """
        require_move(CASE_MOVES, self.state, target, noun="rujukan")
        self.state = target
        self.version += 1


class RujukanProgramFacts(Fields):
    """One offer of one program, without the family's ids.

    `shared_on`: the first day on which data of the family may have reached the partner. `shared_fields`: the names of
    the data. `delivered_late`: the delivery was recorded after the offer had expired or was withdrawn.
    """

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
    amount_rp: Col[Annotated[Rupiah | None, SPESIFIK]]
    delivered_on: Col[date | None]
    delivered_late: Col[bool] = Field(default=False)
    shared_on: Col[date | None] = Field(default=None)
    shared_fields: Col[list[str]] = Field(default_factory=list[str])
    withdrawn_on: Col[date | None]
    version: Col[int]


class RujukanProgramItem(RujukanProgramFacts, PartialView):
    """One offer of one program. A partner does not get the family's ids."""

    program_name: str
    partner_name: str
    kpm_id: UUID | None = None
    graduasi_id: UUID | None = None


class RujukanProgram(RujukanProgramFacts, Table, table=True):
    """One offer of one program within a rujukan.

    `rujukan_program_id` is the idempotency key of the calls to the partner. `lapsed_on`: the offer was withdrawn,
    because its consent lapsed or the family ended.
    """

    __table_args__ = (
        *track_updates("rujukan_program_id"),
        # A program is offered again after its consent lapsed.
        sa.Index(
            "uq_rujukan_program_once",
            *("rujukan_id", "program_code"),
            unique=True,
            postgresql_where=sa.text("lapsed_on IS NULL"),
        ),
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
        sa.CheckConstraint("(shared_on IS NULL) = (shared_fields = '{}')", name="sharing_complete"),
        guard_moves(TRANSITIONS, waits=WAITS),
    )

    graduasi_id: Col[UUID]
    kpm_id: Col[UUID]
    reasons: Col[list[dict[str, Any]]]
    usaha: Col[dict[str, Any] | None]
    usaha_id: Col[UUID | None] = Field(default=None)
    lapsed_on: Col[date | None] = Field(default=None)
    shared_at: Col[datetime | None] = Field(default=None)
    delivery_id: Col[str | None] = Field(default=None)
    delivery_recorded_on: Col[date | None] = Field(default=None)
    delivery_recorded_by: Col[str | None] = Field(default=None)

    def mark_shared(self, fields: Collection[str], on: date) -> None:
        """Record that these fields may reach the partner. The first day stays."""
        if fields:
            self.shared_on = self.shared_on or on
            self.shared_fields = sorted({*self.shared_fields, *fields})

    def pin_usaha(self, usaha: UsahaFacts | None, reasons: list[dict[str, Any]]) -> None:
        """Keep the reasons of a match and the usaha that was judged."""
        self.reasons, self.usaha, self.usaha_id = reasons, summarize_usaha(usaha), usaha and usaha.usaha_id


class RujukanProgramHistoryItem(Fields):
    """The offer as it was made, with no `from_state`, or one change of its state."""

    history_id: Col[UUID] = Field(primary_key=True)
    to_state: Col[RujukanProgramState]
    from_state: Col[RujukanProgramState | None]
    on: Col[date]
    sub: Col[str]
    role: Col[ActingRole]
    pendamping_id: Col[UUID | None]
    reason_code: Col[MoveReason]
    detail: Col[str | None]
    recorded_at: Col[datetime] = Field(default=None, sa_column_kwargs={"server_default": sa.func.now()})


class RujukanProgramHistory(RujukanProgramHistoryItem, Table, table=True):
    """One change of state. `on` is the business date, `recorded_at` the real time. Append-only."""

    __table_args__ = (
        sa.Index("ix_rujukan_program_history_rujukan_program_id", "rujukan_program_id", "history_id"),
        sa.CheckConstraint(
            moves_condition(TRANSITIONS, "from_state", "to_state", first={S.DRAF}), "move_legal"
        ),
    )

    rujukan_program_id: Col[UUID] = Field(foreign_key=OFFER_ID)
