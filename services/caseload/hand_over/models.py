"""Hand-overs of families from one placement to another."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from services.caseload.tables import OFF, RECORDED, Table
from shared.contracts.kinds import DampinganPurpose
from shared.database.tables import Col, Fields
from shared.deadlines import Until, Waits, track_waits
from shared.fields import KNOWN, Day, Wilayah
from shared.roles import Role
from shared.updates import track_updates

WAITS = Waits(
    {"OPEN": Until("on_date", Role.KETUA_TIM_KABKOTA)},
    state="'OPEN'",
    since="on_date",
    rows="open AND coalesce((SELECT j.state FROM platform.job j WHERE j.job_id = hand_over.job_id), 'NONE')"
    " NOT IN ('DONE', 'CANCELLED')",
)


class HandOverFacts(Fields):
    """Placements, area and purpose of a hand-over. Without a purpose it takes all families."""

    from_penugasan_id: Col[UUID]
    to_penugasan_id: Col[UUID]
    kode_wilayah: Col[Wilayah]
    purpose: Col[Annotated[DampinganPurpose, KNOWN] | None] = Field(default=None)


class HandOverTerms(HandOverFacts):
    """Terms of an order. `on` is the receiver's first day."""

    on: Day


class HandOverRecord(HandOverFacts):
    """An order and who gave it."""

    hand_over_id: Col[UUID] = Field(primary_key=True)
    families: Col[int]
    limit_version: Col[int | None] = Field(default=None)
    asked_by: Col[str]
    asked_at: Col[datetime]


class HandOver(HandOverRecord, Table, table=True):
    """An order to hand the families of an area from one placement to another.

    A job moves the families in steps. `limit_version` is the version of the limit when it was ordered. `on_date` is the
    receiver's first day. `open` is true until the job has ended or the order is withdrawn. Only one open order of the
    same terms is allowed. Both reasons are sealed with its id.
    """

    __table_args__ = (
        *track_updates(),
        sa.Index(
            "uq_hand_over_once",
            *("from_penugasan_id", "to_penugasan_id", "kode_wilayah", "on_date"),
            unique=True,
            postgresql_where=sa.text("open"),
        ),
        sa.CheckConstraint("from_penugasan_id <> to_penugasan_id", "two_placements"),
        track_waits(WAITS),
    )

    on_date: Col[date]
    job_id: Col[UUID | None] = Field(default=None)
    reason_sealed: Col[bytes]
    override_reason_sealed: Col[bytes | None] = Field(default=None)
    open: Col[bool] = Field(default=True, sa_column_kwargs={"server_default": sa.true()})
    recorded_at: Col[datetime] = RECORDED


class HandOverFamily(Table, table=True):
    """A family that an order counted.

    `handled` is true once the job has moved or refused it.
    """

    __table_args__ = (sa.PrimaryKeyConstraint("hand_over_id", "kpm_id"),)

    hand_over_id: Col[UUID] = Field(primary_key=True, foreign_key="hand_over.hand_over_id")
    kpm_id: Col[UUID] = Field(primary_key=True, foreign_key="kpm.kpm_id", index=True)
    handled: Col[bool] = OFF


class HandOverWithdrawal(Table, table=True):
    """Withdrawal of an order before its day. Append-only, at most one for each order.

    The reason is sealed with the order's id.
    """

    hand_over_id: Col[UUID] = Field(primary_key=True, foreign_key="hand_over.hand_over_id")
    reason_sealed: Col[bytes]
    withdrawn_by: Col[str]
    withdrawn_at: Col[datetime]
    recorded_at: Col[datetime] = RECORDED
