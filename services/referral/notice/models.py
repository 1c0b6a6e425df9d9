"""Notices to partners, their receipts, and reads of the inbox."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from services.referral.rujukan.models import OFFER_ID, WAITS_FOR_ANSWER, WAITS_FOR_DELIVERY
from services.referral.tables import Table
from shared.database.tables import Col, Fields


class Notice(StrEnum):
    """What a partner is told, by webhook and in its inbox; all but the first name no person."""

    RUJUKAN = "RUJUKAN"
    DICABUT = "DICABUT"
    PENGINGAT = "PENGINGAT"
    PENGINGAT_PENYALURAN = "PENGINGAT_PENYALURAN"
    KEDALUWARSA = "KEDALUWARSA"


# A reminder says something only while what it reminds of is still to come.
REMINDERS = {Notice.PENGINGAT: WAITS_FOR_ANSWER, Notice.PENGINGAT_PENYALURAN: WAITS_FOR_DELIVERY}


class NoticeFacts(Fields):
    """Which notice about which offer."""

    notice_id: Col[UUID] = Field(primary_key=True)
    rujukan_program_id: Col[UUID] = Field(foreign_key=OFFER_ID)
    notice: Col[Notice]


class ReceiptView(NoticeFacts):
    """A notice that is taken."""

    on: date
    taken_at: datetime


class PartnerNotice(NoticeFacts, Table, table=True):
    """One thing that a partner is told, once: taken when its system or its own receipt says so.

    Its content is made anew each time it is told, so that what is no longer consented is no longer in it.
    """

    __table_args__ = (
        sa.Index(
            "ix_partner_notice_waiting",
            "partner_id",
            "told_at",
            "notice_id",
            postgresql_where=sa.text("taken_at IS NULL"),
        ),
        sa.Index("ix_partner_notice_told", "partner_id", "told_at", "notice_id"),
        sa.Index("ix_partner_notice_of", "rujukan_program_id"),
        sa.CheckConstraint("(taken_at IS NULL) = (taken_by IS NULL)", name="taken_whole"),
    )

    partner_id: Col[UUID]
    on: Col[date]
    told_at: Col[datetime] = Field(
        default=None, sa_column_kwargs={"server_default": sa.func.clock_timestamp()}
    )
    taken_at: Col[datetime | None] = Field(default=None)
    taken_by: Col[str | None] = Field(default=None)


class InboxReadItem(Fields):
    """Somebody of a partner read a notice: which fields of a person it had, none where it names nobody."""

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
    """A partner read a notice in its inbox: who, when, and which fields, never their values; append-only."""

    __table_args__ = (
        sa.Index("ix_inbox_read_of", "rujukan_program_id", "read_id"),
        sa.Index("ix_inbox_read_notice_id", "notice_id"),
    )

    rujukan_program_id: Col[UUID] = Field(foreign_key=OFFER_ID)
