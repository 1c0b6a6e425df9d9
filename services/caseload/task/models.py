from datetime import date
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.caseload.tables import At, Dates, KpmRef, Made, Recorded, Table
from shared.database import text_enum


class TugasKind(StrEnum):
    """What there is to do for a family; the first two and RE_ENTRY are its pendamping's, the last its office's."""

    GANTI_PENGURUS = "GANTI_PENGURUS"
    KUNJUNGAN_KAMBUH = "KUNJUNGAN_KAMBUH"
    RE_ENTRY = "RE_ENTRY"
    PASANG_PENDAMPING = "PASANG_PENDAMPING"


class Tugas(Table):
    """Something to do for a family, once for its cause. Nobody is stored: it is of whoever accompanies it today.

    What was noted when it was done is sealed for its own id.
    """

    __tablename__ = "tugas"
    __table_args__ = (
        sa.UniqueConstraint("kpm_id", "kind", "cause_id", name="uq_tugas_once"),
        sa.Index("ix_tugas_open", "due_on", "tugas_id", postgresql_where=sa.text("done_at IS NULL")),
        sa.CheckConstraint("(done_at IS NULL) = (done_by IS NULL)", name="done_by_somebody"),
    )

    tugas_id: Mapped[Made]
    kpm_id: Mapped[KpmRef]
    kind: Mapped[TugasKind] = mapped_column(text_enum(TugasKind))
    cause_id: Mapped[UUID]
    due_on: Mapped[date]
    opened_on: Mapped[date]
    done_at: Mapped[At | None]
    done_by: Mapped[str | None]
    note_sealed: Mapped[bytes | None]
    version: Mapped[int] = mapped_column(server_default="1")
    recorded_at: Mapped[Recorded]


class TugasTerm(Table):
    """Within how many days a kind of task is to be done. Policy as data."""

    __tablename__ = "tugas_term"
    __table_args__ = (
        ExcludeConstraint(("kind", "="), ("valid", "&&"), name="ex_tugas_term_one_at_a_time"),
        sa.CheckConstraint("days > 0", name="some_days"),
    )

    kind: Mapped[TugasKind] = mapped_column(text_enum(TugasKind), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    days: Mapped[int] = mapped_column(sa.SmallInteger)
    valid: Mapped[Dates]
    source: Mapped[str]
