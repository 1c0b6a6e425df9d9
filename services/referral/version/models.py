"""Voided versions of rules, programs, quotas and intake windows."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated

import sqlalchemy as sa
from pydantic import StringConstraints
from sqlmodel import Field

from services.referral.tables import Table
from shared.database.tables import Col, Fields
from shared.fields import RequestOnly, Sentence


class VersionKind(StrEnum):
    """The kinds of versions that can be voided."""

    SLA_TERM = "SLA_TERM"
    OUTCOME_RULE = "OUTCOME_RULE"
    CONSENT_TEXT = "CONSENT_TEXT"
    PROGRAM = "PROGRAM"
    QUOTA = "QUOTA"
    INTAKE = "INTAKE"


VersionId = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9a-f-]{1,36}$"),
    RequestOnly("019a0000-0000-7000-8000-000000000001"),
]


class VersionVoidTerms(Fields):
    """What is voided, and why. `version_id` is the id, or the number, of the version."""

    kind: Col[VersionKind] = Field(primary_key=True)
    version_id: Col[VersionId] = Field(primary_key=True)
    reason: Col[Sentence]


class VersionVoidView(VersionVoidTerms):
    """A voided version, by whom and when."""

    voided_on: Col[date]
    voided_by: Col[str]
    voided_at: Col[datetime] = Field(default=None, sa_column_kwargs={"server_default": sa.func.now()})


class VersionVoid(VersionVoidView, Table, table=True):
    """A version that was set by mistake. Rows are append-only."""
