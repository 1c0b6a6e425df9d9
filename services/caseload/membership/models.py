from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from services.caseload.tables import OFF, RECORDED, VERSION, Cancellable, Table
from shared.approval.models import ApprovalTerms
from shared.contracts.kinds import Bansos, ExitReason
from shared.database import text_enum
from shared.database.tables import OBJECT, Col, Fields, no_overlap
from shared.deadlines import END, CoveredBy, Owner, Waits, track_waits
from shared.field_classes import SPESIFIK
from shared.fields import Code
from shared.roles import Role
from shared.transitions import guard_moves, require_move
from shared.updates import track_updates


class KepesertaanKey(Fields):
    """Id and bansos of a membership."""

    kepesertaan_id: Col[UUID] = Field(primary_key=True)
    bansos: Col[Bansos]


class KepesertaanFacts(KepesertaanKey):
    """A membership without its family and its period."""

    exit_reason: Col[ExitReason | None] = Field(default=None)
    graduasi_id: Col[UUID | None] = Field(default=None)
    last_payable_tahap: Col[Annotated[str | None, SPESIFIK]] = Field(default=None)
    continued_by: Col[UUID | None] = Field(default=None, foreign_key="kepesertaan.kepesertaan_id")
    version: Col[int] = VERSION


class Kepesertaan(KepesertaanFacts, Cancellable, Table, table=True):
    """Membership in one bansos. The end of `valid` is the first day without it.

    It ends with `exit_reason`, or because another membership continues it from that day (`continued_by`). The latter
    happens when a graduation is annulled after a re-entry: only the days between are restored. A voided
    membership has an empty period (docs/case-lifecycle.md#wrong-memberships).
    """

    __table_args__ = (
        no_overlap("ex_kepesertaan_no_overlap", "kpm_id", "bansos", of="valid"),
        sa.CheckConstraint("isempty(valid) = (cancelled_from IS NOT NULL)", "cancelled_is_empty"),
        sa.CheckConstraint(
            "CASE WHEN isempty(valid) THEN exit_reason IS NULL AND continued_by IS NULL"
            " ELSE upper_inf(valid) = (exit_reason IS NULL AND continued_by IS NULL) END",
            "end_has_reason",
        ),
        sa.CheckConstraint("exit_reason IS NULL OR continued_by IS NULL", "one_end_cause"),
    )

    kpm_id: Col[UUID] = Field(foreign_key="kpm.kpm_id", index=True)


class CaseState(StrEnum):
    """How far a graduation case is, as last published by graduation."""

    OPEN = "OPEN"
    CLOSED = "CLOSED"
    DETERMINED = "DETERMINED"
    EFFECTIVE = "EFFECTIVE"
    ANNULLED = "ANNULLED"


# Forward only, in whatever order events arrive. An SK in force outranks a closing that arrives with it.
CASE_MOVES = MappingProxyType(
    {state: frozenset(list(CaseState)[number + 1 :]) for number, state in enumerate(CaseState)}
)


class CaseView(Fields):
    """A case on the membership, as last published by graduation.

    `held` is true while an objection suspends the end.
    """

    graduasi_id: Col[UUID] = Field(primary_key=True)
    exit_reason: Col[Annotated[ExitReason, text_enum(ExitReason, replica=True)]]
    state: Col[CaseState]
    held: Col[bool] = OFF
    sk_no: Col[str | None] = Field(default=None)
    sk_on: Col[date | None] = Field(default=None)
    announced_on: Col[date | None] = Field(default=None)
    term_ends_on: Col[date | None] = Field(default=None)
    effective_tahap: Col[str | None] = Field(default=None)
    effective_on: Col[date | None] = Field(default=None)
    certificate_no: Col[str | None] = Field(default=None)


class CaseMark(CaseView, Table, table=True):
    """A graduation case on a membership, built from graduation's events.

    `facts` stores the content of each event. The other columns are computed from it, independent of the events' order.
    `monitored` is true if its policy has monitoring months, which end with the result of `monitoring_ended_on`.
    There are no foreign keys: an event may name a family or membership that is not in this database yet.
    """

    __table_args__ = (
        sa.Index(
            "ix_case_mark_ahead",
            "state",
            "kpm_id",
            postgresql_where=sa.text("state IN ('OPEN', 'DETERMINED', 'EFFECTIVE')"),
        ),
        guard_moves(CASE_MOVES, waits=Waits(dict.fromkeys(CaseState, CoveredBy("graduation")))),
    )

    kpm_id: Col[UUID] = Field(index=True)
    kepesertaan_id: Col[UUID] = Field(index=True)
    last_payable_tahap: Col[str | None] = Field(default=None)
    reason: Col[str | None] = Field(default=None)
    back_pay: Col[Annotated[list[dict[str, Any]], OBJECT]] = Field(
        default=None, sa_column_kwargs={"server_default": "[]"}
    )
    facts: Col[dict[str, Any]] = Field(default=None, sa_column_kwargs={"server_default": "{}"})
    monitored: Col[bool] = OFF
    monitoring_ended_on: Col[date | None] = Field(default=None)
    changed_at: Col[datetime]

    def transition_to(self, state: CaseState) -> None:
        """Move to a later state.

        Raises:
            IllegalTransition: `CASE_MOVES` has no such move.
        """
        require_move(CASE_MOVES, self.state, state, "case mark")
        self.state = state


class MembershipVoidTerms(ApprovalTerms):
    """Why a membership is wrong, as a code of your own, and the evidence."""

    reason: Code


class PendingOutcome(StrEnum):
    """Outcome of a pending decision.

    STAYS: an official decided that the membership continues. MOOT: no decision is needed any more, because the exit was
    undone, the family re-entered, or the membership ended by its own case.
    """

    STAYS = "STAYS"
    MOOT = "MOOT"


PENDING_WAITS = Waits(
    dict.fromkeys(PendingOutcome, END) | {"OPEN": Owner(Role.DINSOS_KABKOTA)},
    state="coalesce(outcome, 'OPEN')",
    since="since",
    rows="outcome IS NULL",
)


class PendingKey(Fields):
    """What requires a decision about a membership.

    It is the graduation case that ends another one, or the family that the last member has joined.
    """

    graduasi_id: Col[UUID | None] = Field(default=None)
    joined_kpm_id: Col[UUID | None] = Field(default=None, foreign_key="kpm.kpm_id")


class MembershipRef(Fields):
    """A membership of a family."""

    kpm_id: Col[UUID] = Field(foreign_key="kpm.kpm_id", index=True)
    kepesertaan_id: Col[UUID] = Field(foreign_key="kepesertaan.kepesertaan_id")


class PendingFacts(PendingKey, MembershipRef):
    """A decision whether a membership stays after another exit or the family's end."""

    pending_id: Col[UUID] = Field(primary_key=True)
    since: Col[date]


class KepesertaanPending(PendingFacts, Table, table=True):
    """A decision whether this membership stays, required by another exit or the family's end.

    It is open until it has an outcome. There is no foreign key to the case, which belongs to graduation. The reason is
    sealed with the row's id.
    """

    __table_args__ = (
        *track_updates("pending_id"),
        sa.UniqueConstraint("kepesertaan_id", "graduasi_id", name="uq_kepesertaan_pending_once"),
        sa.Index(
            "uq_kepesertaan_pending_joined",
            *("kepesertaan_id", "joined_kpm_id"),
            unique=True,
            postgresql_where=sa.text("outcome IS NULL"),
        ),
        sa.CheckConstraint("num_nulls(graduasi_id, joined_kpm_id) = 1", "one_cause"),
        sa.Index("ix_kepesertaan_pending_open", "pending_id", postgresql_where=sa.text("outcome IS NULL")),
        sa.CheckConstraint("(outcome IS NULL) = (decided_on IS NULL)", "outcome_has_date"),
        sa.CheckConstraint(
            "coalesce(outcome = 'STAYS', false) = (decided_by IS NOT NULL)", "stays_has_decider"
        ),
        track_waits(PENDING_WAITS),
    )

    outcome: Col[PendingOutcome | None] = Field(default=None)
    decided_by: Col[str | None] = Field(default=None)
    decided_on: Col[date | None] = Field(default=None)
    reason_sealed: Col[bytes | None] = Field(default=None)
    recorded_at: Col[datetime] = RECORDED
