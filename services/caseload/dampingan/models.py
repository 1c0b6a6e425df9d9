from datetime import date
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.caseload.tables import At, Dates, KpmRef, Made, Recorded, Table
from shared.contracts.kinds import DampinganPurpose, PilarKind
from shared.database import text_enum


class Dampingan(Table):
    """One family under one pendamping for a time. PEMANTAUAN, after an exit, weighs nothing on the limit.

    `ended` once the last day has passed and the end was counted and told; an end may be dated ahead.
    """

    __tablename__ = "dampingan"
    __table_args__ = (
        ExcludeConstraint(
            ("kpm_id", "="),
            ("valid", "&&"),
            where=sa.text("kind = 'PKH_PENDAMPING'"),
            name="ex_dampingan_one_pkh_pendamping",
        ),
        # A PKH pendamping is the only one already, by the constraint above.
        ExcludeConstraint(
            ("kpm_id", "="),
            ("penugasan_id", "="),
            ("valid", "&&"),
            where=sa.text("kind <> 'PKH_PENDAMPING'"),
            name="ex_dampingan_once_at_a_time",
        ),
        # In the order of a pendamping's list of families, and of a hand-over's steps. With the days beside it a page
        # ends where it is full: else all 400 families of a pendamping go through row security first, to be sorted.
        sa.Index("ix_dampingan_pendamping_id", "pendamping_id", "kpm_id", postgresql_include=["valid"]),
        sa.Index(
            "ix_dampingan_ending",
            sa.text("upper(valid)"),
            postgresql_where=sa.text("NOT ended AND NOT upper_inf(valid)"),
        ),
        sa.CheckConstraint("NOT isempty(valid)", name="some_day"),
    )

    dampingan_id: Mapped[Made]
    kpm_id: Mapped[KpmRef] = mapped_column(index=True)
    penugasan_id: Mapped[UUID]
    pendamping_id: Mapped[UUID]
    kind: Mapped[PilarKind] = mapped_column(text_enum(PilarKind))
    purpose: Mapped[DampinganPurpose] = mapped_column(text_enum(DampinganPurpose))
    valid: Mapped[Dates]
    reason: Mapped[str | None]
    ended: Mapped[bool] = mapped_column(server_default=sa.false())
    version: Mapped[int] = mapped_column(server_default="1")
    recorded_at: Mapped[Recorded]


class DampinganLoad(Table):
    """How many families weigh on a penugasan; its row lock makes two who assign at once count one after another.

    `above` is the side of the limit that was last told.
    """

    __tablename__ = "dampingan_load"
    __table_args__ = (sa.CheckConstraint("weighing >= 0", name="not_negative"),)

    penugasan_id: Mapped[Made]
    pendamping_id: Mapped[UUID]
    weighing: Mapped[int]
    above: Mapped[bool] = mapped_column(server_default=sa.false())


class DampinganLimit(Table):
    """How many families one pendamping of a kind may have: warned above, refused above. Policy as data.

    A version is added, and ends the one before on its first day; its numbers never change.
    """

    __tablename__ = "dampingan_limit"
    __table_args__ = (
        ExcludeConstraint(("kind", "="), ("valid", "&&"), name="ex_dampingan_limit_one_at_a_time"),
        sa.CheckConstraint("0 < warn_above AND warn_above < refuse_above", name="warned_first"),
    )

    kind: Mapped[PilarKind] = mapped_column(text_enum(PilarKind), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    warn_above: Mapped[int]
    refuse_above: Mapped[int]
    valid: Mapped[Dates]
    basis: Mapped[str]
    set_by: Mapped[str]
    set_at: Mapped[At]


class GapCause(StrEnum):
    """Why nobody accompanies a family. PEMANTAUAN_SELESAI: it has left PKH, and nobody needs to.

    MASUK_PKH: it came, or came back, into PKH on a day on which nobody had it.
    """

    DAMPINGAN_DIAKHIRI = "DAMPINGAN_DIAKHIRI"
    PENUGASAN_BERAKHIR = "PENUGASAN_BERAKHIR"
    WILAYAH_TUGAS_BERAKHIR = "WILAYAH_TUGAS_BERAKHIR"
    PENDAMPING_TIDAK_AKTIF = "PENDAMPING_TIDAK_AKTIF"
    PEMANTAUAN_SELESAI = "PEMANTAUAN_SELESAI"
    BELUM_ADA = "BELUM_ADA"
    MASUK_PKH = "MASUK_PKH"


class DampinganGap(Table):
    """Days of a family between two PKH dampingan: from `since` up to, not including, `until`; open without one.

    `penugasan_id` had it last: a hand-over of that placement takes the family along. Of a gap that was filled from
    its first day on, `until` equals `since`.
    """

    __tablename__ = "dampingan_gap"
    __table_args__ = (
        ExcludeConstraint(
            ("kpm_id", "="),
            (sa.func.daterange(sa.literal_column("since"), sa.literal_column("until")), "&&"),
            name="ex_dampingan_gap_once_at_a_time",
        ),
        sa.CheckConstraint("until IS NULL OR until >= since", name="forward"),
        sa.Index(
            "ix_dampingan_gap_penugasan_id",
            *("penugasan_id", "kpm_id"),
            postgresql_where=sa.text("until IS NULL"),
        ),
        sa.Index("ix_dampingan_gap_open", "gap_id", postgresql_where=sa.text("until IS NULL")),
        sa.Index("ix_dampingan_gap_kpm_id", "kpm_id"),
    )

    gap_id: Mapped[Made]
    kpm_id: Mapped[KpmRef]
    since: Mapped[date]
    until: Mapped[date | None]
    cause: Mapped[GapCause] = mapped_column(text_enum(GapCause))
    penugasan_id: Mapped[UUID | None]
    purpose: Mapped[DampinganPurpose] = mapped_column(text_enum(DampinganPurpose))
    recorded_at: Mapped[Recorded]
