from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from services.graduation.tables import Sha256, Table, is_sha256
from shared.approval import ApprovalTerms
from shared.database.tables import Col, Fields
from shared.field_classes import SPESIFIK
from shared.fields import Day, DocumentNumber, RequestOnly, Sentence, Wilayah
from shared.updates import track_updates


class SkTerms(Fields):
    """A decree: its number, its date and its scan."""

    sk_no: Col[Annotated[DocumentNumber, RequestOnly("123/3.4/BS.01/5/2026")]]
    sk_on: Col[Day]
    evidence_sha256: Col[Sha256 | None] = Field(default=None)


class DecreeTerms(SkTerms):
    """A decree to issue. Without `announced_on` it is announced today."""

    announced_on: Day | None = None


class CorrectionTerms(ApprovalTerms):
    """The right number, date and scan of an SK, and the reason."""

    sk_no: Annotated[DocumentNumber, RequestOnly("123/3.4/BS.01/5/2026")]
    sk_on: Day
    reason: Sentence


class SkRule(Table, table=True):
    """How many days late an SK may be entered, and how many ahead announced.

    Written by migrations. The latest row that has begun holds.
    """

    __table_args__ = (
        sa.CheckConstraint("late_entry_days >= 0 AND announce_ahead_days >= 0", name="days_not_negative"),
    )

    valid_from: Col[date] = Field(primary_key=True)
    late_entry_days: Col[int]
    announce_ahead_days: Col[int]


class SkView(SkTerms):
    """An SK."""

    sk_id: Col[UUID] = Field(primary_key=True)
    announced_on: Col[date]
    cases: Col[int]
    # The job that adds the cases; none if they were named in the request.
    job_id: Col[UUID | None] = Field(default=None)


NUMBER_KEY = "upper(regexp_replace(sk_no, '[[:space:]-]', '', 'g'))"
"""The number of an SK as `normalize_number` returns it, to find it however it is written."""


class Sk(SkView, Table, table=True):
    """A decree with many cases.

    A job that adds cases changes `cases`. A correction by two people changes number, date and scan.
    """

    __table_args__ = (
        *track_updates(),
        sa.Index("uq_sk_sk_no", sa.text(NUMBER_KEY), unique=True),
        sa.Index(None, "sk_on", "sk_id"),
        is_sha256("evidence_sha256"),
    )

    determined_by: Col[str]
    at: Col[datetime]


class SkCorrectionView(SkTerms):
    """Number, date and scan of an SK before a correction. `corrected_by` is an id."""

    corrected_on: Col[date]
    corrected_by: Col[str]
    approval_request_id: Col[UUID] = Field(foreign_key="approval_request.approval_request_id")


class SkCorrection(SkCorrectionView, Table, table=True):
    """Number, date and scan of an SK before a correction. Append-only."""

    __table_args__ = (is_sha256("evidence_sha256"),)

    correction_id: Col[UUID] = Field(primary_key=True)
    sk_id: Col[UUID] = Field(foreign_key="sk.sk_id", index=True)


class PenetapanFields(Fields):
    """The SK, the term and the effective tahap of a penetapan.

    Until the case is EFEKTIF the effective tahap is a forecast.
    """

    graduasi_id: Col[UUID] = Field(foreign_key="graduasi.graduasi_id", primary_key=True)
    sk_id: Col[UUID] = Field(foreign_key="sk.sk_id", index=True)
    announced_on: Col[date]
    term_ends_on: Col[date]
    effective_tahap: Col[str] = Field(schema_extra={"examples": ["2026-3"]})
    effective_on: Col[date]
    last_payable_tahap: Col[Annotated[str, SPESIFIK]] = Field(schema_extra={"examples": ["2026-2"]})


class Penetapan(PenetapanFields, Table, table=True):
    """The decision on one case in an SK, its term and its effective tahap."""

    __table_args__ = (sa.CheckConstraint("term_ends_on >= announced_on", name="term_after_announcement"),)

    usul_id: Col[UUID] = Field(foreign_key="usul.usul_id")
    kode_wilayah: Col[Wilayah] = Field(index=True)
    pendamping_id: Col[UUID | None]
    penugasan_id: Col[UUID | None]
