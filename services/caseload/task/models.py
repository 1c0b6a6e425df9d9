from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from services.caseload.tables import RECORDED, VERSION, Ranged, Small, Table
from shared.database.tables import Col, Fields, no_overlap
from shared.deadlines import Until, Waits, track_waits
from shared.roles import Role
from shared.updates import track_updates


class TugasKind(StrEnum):
    """Kind of a task.

    PASANG_PENDAMPING and PUTUSKAN_KEPESERTAAN are tasks of the office, the others of the family's pendamping.
    """

    GANTI_PENGURUS = "GANTI_PENGURUS"
    KUNJUNGAN_KAMBUH = "KUNJUNGAN_KAMBUH"
    RE_ENTRY = "RE_ENTRY"
    LENGKAPI_DATA = "LENGKAPI_DATA"
    PASANG_PENDAMPING = "PASANG_PENDAMPING"
    PUTUSKAN_KEPESERTAAN = "PUTUSKAN_KEPESERTAAN"


# A pendamping neither sees nor finishes these tasks.
OFFICE_KINDS = (TugasKind.PASANG_PENDAMPING, TugasKind.PUTUSKAN_KEPESERTAAN)


WAITS = Waits(
    dict.fromkeys(TugasKind, Until("due_on", Role.PENDAMPING))
    | dict.fromkeys(OFFICE_KINDS, Until("due_on", Role.DINSOS_KABKOTA)),
    state="kind",
    since="opened_on",
    rows="done_at IS NULL",
)


class TugasView(Fields):
    """A task with its due date and completion."""

    tugas_id: Col[UUID] = Field(primary_key=True)
    kpm_id: Col[UUID] = Field(foreign_key="kpm.kpm_id")
    kind: Col[TugasKind]
    due_on: Col[date]
    done_at: Col[datetime | None] = Field(default=None)
    done_by: Col[str | None] = Field(default=None)
    version: Col[int] = VERSION


class Tugas(TugasView, Table, table=True):
    """A task for a family, once for each cause.

    It has no assignee: it belongs to the family's pendamping of today. The note is sealed with its id.
    """

    __table_args__ = (
        *track_updates("tugas_id"),
        sa.UniqueConstraint("kpm_id", "kind", "cause_id", name="uq_tugas_once"),
        sa.Index("ix_tugas_open", "due_on", "tugas_id", postgresql_where=sa.text("done_at IS NULL")),
        sa.CheckConstraint("(done_at IS NULL) = (done_by IS NULL)", "done_has_actor"),
        track_waits(WAITS),
    )

    cause_id: Col[UUID]
    opened_on: Col[date]
    note_sealed: Col[bytes | None] = Field(default=None)
    recorded_at: Col[datetime] = RECORDED


class TugasTerm(Ranged, Table, table=True):
    """Number of days within which a kind of task is due. Policy as data."""

    __table_args__ = (
        no_overlap("ex_tugas_term_one_at_a_time", "kind", of="valid"),
        sa.CheckConstraint("days > 0", "some_days"),
    )

    kind: Col[TugasKind] = Field(primary_key=True)
    version: Col[int] = Field(primary_key=True)
    days: Col[Small]
    source: Col[str]
