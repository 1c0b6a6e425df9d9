"""Base class of caseload's tables, and the columns that many of them have."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import sqlalchemy as sa
from asyncpg.pgproto import pgproto
from sqlalchemy.dialects.postgresql import DATERANGE, Range
from sqlalchemy.ext.hybrid import hybrid_property
from sqlmodel import Field
from sqlmodel._compat import SQLModelConfig
from uuid_utils import uuid7

from shared.database.tables import Col, Columns, Fields, service_registry
from shared.deadlines import Families

Small = Annotated[int, sa.SmallInteger()]
VERSION = Field(default=1, sa_column_kwargs={"server_default": "1"})
RECORDED = Field(default=None, sa_column_kwargs={"server_default": sa.func.clock_timestamp()})
OFF = Field(default=False, sa_column_kwargs={"server_default": sa.false()})


class Table(Columns, registry=service_registry()):
    """A table of caseload."""


Table.metadata.info["families"] = Families(
    "dampingan",
    valid="d.valid",
    kode_wilayah="(SELECT k.kode_wilayah FROM kpm k WHERE k.kpm_id = {kpm_id})",
)


class HistorySubject(StrEnum):
    """What an act on a family has changed."""

    KPM = "kpm"
    ANGGOTA = "anggota"
    PENGURUS = "pengurus"
    KOMPONEN = "komponen"
    DESIL = "desil"
    USAHA = "usaha"
    KEPESERTAAN = "kepesertaan"
    DAMPINGAN = "dampingan"
    TUGAS = "tugas"
    USULAN = "usulan"
    EXIT_PROPOSAL = "exit_proposal"
    AKSES_DARURAT = "akses_darurat"


class FamilyAct(StrEnum):
    """An act on a family."""

    REGISTERED = "REGISTERED"
    UPDATED = "UPDATED"
    JOINED = "JOINED"
    LEFT = "LEFT"
    TAKEN_BACK = "TAKEN_BACK"
    SPLIT = "SPLIT"
    MARRIAGE = "MARRIAGE"
    CHANGED = "CHANGED"
    CORRECTED = "CORRECTED"
    NIK_CORRECTED = "NIK_CORRECTED"
    NO_KK_CHANGED = "NO_KK_CHANGED"
    CONTACT_CORRECTED = "CONTACT_CORRECTED"
    MOVED = "MOVED"
    MOVE_VOIDED = "MOVE_VOIDED"
    BEGAN = "BEGAN"
    STARTED = "STARTED"
    ENDED = "ENDED"
    END_MOVED = "END_MOVED"
    RESTORED = "RESTORED"
    VOIDED = "VOIDED"
    STAYS = "STAYS"
    RANKED = "RANKED"
    RECORDED = "RECORDED"
    REVISED = "REVISED"
    TRANSFERRED = "TRANSFERRED"
    TRANSFER_UNDONE = "TRANSFER_UNDONE"
    REOPENED = "REOPENED"
    ASSIGNED = "ASSIGNED"
    HANDED_OVER = "HANDED_OVER"
    END_DATED = "END_DATED"
    PURPOSE_CHANGED = "PURPOSE_CHANGED"
    DONE = "DONE"
    LODGED = "LODGED"
    ACCEPTED = "ACCEPTED"
    REFUSED = "REFUSED"
    PROPOSED = "PROPOSED"
    WITHDRAWN = "WITHDRAWN"
    OPENED = "OPENED"


class Source(StrEnum):
    """Where a recorded value comes from."""

    FILE = "FILE"
    HTTP = "HTTP"


FROM_HTTP = Field(default=Source.HTTP, sa_column_kwargs={"server_default": "HTTP"})


class Sourced(Fields):
    """The day that a recorded thing was true, and where it comes from.

    A row of a file is applied to it only if the file's day is later (docs/case-lifecycle.md#files-of-families).
    """

    as_of: Col[date | None] = Field(default=None)
    source: Col[Source] = FROM_HTTP


class Ranged(Fields):
    """A row with a validity period `valid`, whose end is not included."""

    model_config = SQLModelConfig(arbitrary_types_allowed=True, ignored_types=(hybrid_property,))

    valid: Col[Annotated[Range[date], DATERANGE()]]

    @hybrid_property
    def valid_from(self) -> date:
        """Return the first day, which each row has."""
        return self.valid.lower or date.min

    @valid_from.inplace.expression
    @classmethod
    def _valid_from(cls) -> sa.ColumnElement[Any]:
        return sa.func.lower(cls.valid, type_=sa.Date()).label("valid_from")

    @hybrid_property
    def valid_to(self) -> date | None:
        """Return the first day after the range, None without an end."""
        return self.valid.upper

    @valid_to.inplace.expression
    @classmethod
    def _valid_to(cls) -> sa.ColumnElement[Any]:
        return sa.func.upper(cls.valid, type_=sa.Date()).label("valid_to")


class Cancellable(Ranged):
    """A row whose period may be cancelled. `cancelled_from` is then its former first day."""

    cancelled_from: Col[date | None] = Field(default=None)

    @hybrid_property
    def valid_from(self) -> date:
        """Return the first day, of a cancelled row the former one."""
        return self.valid.lower or self.cancelled_from or date.min

    @valid_from.inplace.expression
    @classmethod
    def _valid_from(cls) -> sa.ColumnElement[Any]:
        return sa.func.coalesce(sa.func.lower(cls.valid, type_=sa.Date()), cls.cancelled_from).label(
            "valid_from"
        )

    @hybrid_property
    def valid_to(self) -> date | None:
        """Return the first day after the period, None without an end."""
        return self.valid.upper or self.cancelled_from

    @valid_to.inplace.expression
    @classmethod
    def _valid_to(cls) -> sa.ColumnElement[Any]:
        return sa.func.coalesce(sa.func.upper(cls.valid, type_=sa.Date()), cls.cancelled_from).label(
            "valid_to"
        )


class Days(Fields):
    """Validity period of a `Ranged` row, as a view shows it."""

    model_config = SQLModelConfig(from_attributes=True)

    valid_from: date
    valid_to: date | None


def columns_of(table: type[Table], view: type[Fields]) -> list[sa.ColumnElement[Any]]:
    """Return the columns of a table that are fields of a view."""
    return [getattr(table, name) for name in view.model_fields]


def new_id() -> UUID:
    """Return a new UUIDv7 of asyncpg's own class."""
    # Fast path: creating, comparing and writing asyncpg's class is 4x as fast as uuid.UUID.
    return pgproto.UUID(uuid7().bytes)
