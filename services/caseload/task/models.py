from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from services.caseload.tables import RECORDED, VERSION, Ranged, Small, Table
from shared.database.tables import Col, Fields, no_overlap


class TugasKind(StrEnum):
    """What there is to do for a family; the first two and RE_ENTRY are its pendamping's, the last its office's."""

    GANTI_PENGURUS = "GANTI_PENGURUS"
    KUNJUNGAN_KAMBUH = "KUNJUNGAN_KAMBUH"
    RE_ENTRY = "RE_ENTRY"
    PASANG_PENDAMPING = "PASANG_PENDAMPING"


class TugasView(Fields):
    """A task that was done."""

    tugas_id: Col[UUID] = Field(primary_key=True)
    kpm_id: Col[UUID] = Field(foreign_key="kpm.kpm_id")
    kind: Col[TugasKind]
    due_on: Col[date]
    done_at: Col[datetime | None] = Field(default=None)
    done_by: Col[str | None] = Field(default=None)
    version: Col[int] = VERSION


class Tugas(TugasView, Table, table=True):
    """Something to do for a family, once for its cause. Nobody is stored: it is of whoever accompanies it today.

    What was noted when it was done is sealed for its own id.
    """

    __table_args__ = (
        sa.UniqueConstraint("kpm_id", "kind", "cause_id", name="uq_tugas_once"),
        sa.Index("ix_tugas_open", "due_on", "tugas_id", postgresql_where=sa.text("done_at IS NULL")),
        sa.CheckConstraint("(done_at IS NULL) = (done_by IS NULL)", "done_by_somebody"),
    )

    cause_id: Col[UUID]
    opened_on: Col[date]
    note_sealed: Col[bytes | None] = Field(default=None)
    recorded_at: Col[datetime] = RECORDED


class TugasTerm(Ranged, Table, table=True):
    """Within how many days a kind of task is to be done. Policy as data."""

    __table_args__ = (
        no_overlap("ex_tugas_term_one_at_a_time", "kind", of="valid"),
        sa.CheckConstraint("days > 0", "some_days"),
    )

    kind: Col[TugasKind] = Field(primary_key=True)
    version: Col[int] = Field(primary_key=True)
    days: Col[Small]
    source: Col[str]
