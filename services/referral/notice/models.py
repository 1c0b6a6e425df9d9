"""Notices to partners, their receipts, and reads of the inbox."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from services.referral.rujukan.models import OFFER_ID, WAITS_FOR_ANSWER, WAITS_FOR_DELIVERY
from services.referral.tables import Table
from shared.contracts.rujukan_kinds import RujukanProgramState
from shared.database.tables import Col, Fields
from shared.deadlines import CoveredBy, Owner, Waits, track_waits
from shared.roles import Role


class Notice(StrEnum):
    """Kind of a notice, by webhook and in the inbox.

    Only RUJUKAN and KELENGKAPAN have personal data.
    """

    RUJUKAN = "RUJUKAN"
    KELENGKAPAN = "KELENGKAPAN"
    DICABUT = "DICABUT"
    PENGINGAT = "PENGINGAT"
    PENGINGAT_PENYALURAN = "PENGINGAT_PENYALURAN"
    KEDALUWARSA = "KEDALUWARSA"


PERSONAL_NOTICES = frozenset({Notice.RUJUKAN, Notice.KELENGKAPAN})
# The states in which a reminder is still due.
REMINDERS = {Notice.PENGINGAT: WAITS_FOR_ANSWER, Notice.PENGINGAT_PENYALURAN: WAITS_FOR_DELIVERY}
# A late answer reopens an expired offer, which may expire again.
DUE_STATES = REMINDERS | {Notice.KEDALUWARSA: frozenset({RujukanProgramState.KEDALUWARSA})}


OFFER = "(SELECT p.{0} FROM rujukan_program p WHERE p.rujukan_program_id = partner_notice.rujukan_program_id)"
# A reminder is replaced by the escalation of its offer.
WAITS = Waits(
    dict.fromkeys((*PERSONAL_NOTICES, *REMINDERS), CoveredBy("rujukan_program"))
    | dict.fromkeys((Notice.DICABUT, Notice.KEDALUWARSA), Owner(Role.PARTNER)),
    state="notice",
    since='"on"',
    rows=f"taken_at IS NULL AND (notice <> 'KEDALUWARSA' OR {OFFER.format('state')} = 'KEDALUWARSA')",
    kpm_id=OFFER.format("kpm_id"),
    kode_wilayah=OFFER.format("kode_wilayah"),
)


class NoticeFacts(Fields):
    """Which notice about which offer."""

    notice_id: Col[UUID] = Field(primary_key=True)
    rujukan_program_id: Col[UUID] = Field(foreign_key=OFFER_ID)
    notice: Col[Notice]


class ReceiptView(NoticeFacts):
    """A notice that the partner has accepted."""

    on: date
    taken_at: datetime


class PartnerNoticeView(NoticeFacts):
    """A notice to the partner, and when it was accepted."""

    on: Col[date]
    created_at: Col[datetime] = Field(
        default=None, sa_column_kwargs={"server_default": sa.func.clock_timestamp()}
    )
    taken_at: Col[datetime | None] = Field(default=None)
    taken_by: Col[str | None] = Field(default=None)


class PartnerNotice(PartnerNoticeView, Table, table=True):
    """One notice to a partner, stored once.

    `taken_at` is set when its system accepts it, or when it gives a receipt. The content is made again for
    each attempt, so that withdrawn consent is respected.
    """

    __table_args__ = (
        sa.Index(
            "ix_partner_notice_waiting",
            "partner_id",
            "created_at",
            "notice_id",
            postgresql_where=sa.text("taken_at IS NULL"),
        ),
        sa.Index("ix_partner_notice_created_at", "partner_id", "created_at", "notice_id"),
        sa.Index("ix_partner_notice_rujukan_program_id", "rujukan_program_id"),
        sa.CheckConstraint("(taken_at IS NULL) = (taken_by IS NULL)", name="taken_complete"),
        track_waits(WAITS),
    )

    partner_id: Col[UUID]


class InboxReadItem(Fields):
    """One read of a notice in the inbox, with the names of its personal fields."""

    read_id: Col[UUID] = Field(primary_key=True)
    notice_id: Col[UUID] = Field(foreign_key="partner_notice.notice_id")
    partner_id: Col[UUID]
    by: Col[str]
    purpose: Col[str]
    fields: Col[list[str]]
    read_at: Col[datetime] = Field(
        default=None, sa_column_kwargs={"server_default": sa.func.clock_timestamp()}
    )


class InboxRead(InboxReadItem, Table, table=True):
    """One read of a notice in the inbox.

    It stores the names of the fields, never their values.

    Rows are append-only.
    """

    __table_args__ = (
        sa.Index("ix_inbox_read_rujukan_program_id", "rujukan_program_id", "read_id"),
        sa.Index("ix_inbox_read_notice_id", "notice_id"),
    )

    rujukan_program_id: Col[UUID] = Field(foreign_key=OFFER_ID)
