from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from services.caseload.tables import OFF, RECORDED, VERSION, Dates, Table
from shared.contracts.kinds import DampinganPurpose, PilarKind
from shared.database.tables import Col, no_overlap


class Dampingan(Table, table=True):
    """One family under one pendamping for a time. PEMANTAUAN, after an exit, weighs nothing on the limit.

    `ended` once the last day has passed and the end was counted and told; an end may be dated ahead.
    """

    __table_args__ = (
        no_overlap("ex_dampingan_one_pkh_pendamping", "kpm_id", of="valid", where="kind = 'PKH_PENDAMPING'"),
        # A PKH pendamping is the only one already, by the constraint above.
        no_overlap(
            "ex_dampingan_once_at_a_time",
            "kpm_id",
            "penugasan_id",
            of="valid",
            where="kind <> 'PKH_PENDAMPING'",
        ),
        # In the order of a pendamping's list of families, and of a hand-over's steps. With the days beside it a page
        # ends where it is full: else all 400 families of a pendamping go through row security first, to be sorted.
        sa.Index("ix_dampingan_pendamping_id", "pendamping_id", "kpm_id", postgresql_include=["valid"]),
        sa.Index(
            "ix_dampingan_ending",
            sa.text("upper(valid)"),
            postgresql_where=sa.text("NOT ended AND NOT upper_inf(valid)"),
        ),
        sa.CheckConstraint("NOT isempty(valid)", "some_day"),
    )

    dampingan_id: Col[UUID] = Field(primary_key=True)
    kpm_id: Col[UUID] = Field(foreign_key="kpm.kpm_id", index=True)
    penugasan_id: Col[UUID]
    pendamping_id: Col[UUID]
    kind: Col[PilarKind]
    purpose: Col[DampinganPurpose]
    valid: Col[Dates]
    reason: Col[str | None] = Field(default=None)
    ended: Col[bool] = OFF
    version: Col[int] = VERSION
    recorded_at: Col[datetime] = RECORDED


class DampinganLoad(Table, table=True):
    """How many families weigh on a penugasan; its row lock makes two who assign at once count one after another.

    `above` is the side of the limit that was last told.
    """

    __table_args__ = (sa.CheckConstraint("weighing >= 0", "not_negative"),)

    penugasan_id: Col[UUID] = Field(primary_key=True)
    pendamping_id: Col[UUID]
    weighing: Col[int]
    above: Col[bool] = OFF


class DampinganLimit(Table, table=True):
    """How many families one pendamping of a kind may have: warned above, refused above. Policy as data.

    A version is added, and ends the one before on its first day; its numbers never change.
    """

    __table_args__ = (
        no_overlap("ex_dampingan_limit_one_at_a_time", "kind", of="valid"),
        sa.CheckConstraint("0 < warn_above AND warn_above < refuse_above", "warned_first"),
    )

    kind: Col[PilarKind] = Field(primary_key=True)
    version: Col[int] = Field(primary_key=True)
    warn_above: Col[int]
    refuse_above: Col[int]
    valid: Col[Dates]
    basis: Col[str]
    set_by: Col[str]
    set_at: Col[datetime]


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


class DampinganGap(Table, table=True):
    """Days of a family between two PKH dampingan: from `since` up to, not including, `until`; open without one.

    `penugasan_id` had it last: a hand-over of that placement takes the family along. Of a gap that was filled from
    its first day on, `until` equals `since`.
    """

    __table_args__ = (
        no_overlap("ex_dampingan_gap_once_at_a_time", "kpm_id", of="daterange(since, until)"),
        sa.CheckConstraint("until IS NULL OR until >= since", "forward"),
        sa.Index(
            "ix_dampingan_gap_penugasan_id",
            *("penugasan_id", "kpm_id"),
            postgresql_where=sa.text("until IS NULL"),
        ),
        sa.Index("ix_dampingan_gap_open", "gap_id", postgresql_where=sa.text("until IS NULL")),
        sa.Index("ix_dampingan_gap_kpm_id", "kpm_id"),
    )

    gap_id: Col[UUID] = Field(primary_key=True)
    kpm_id: Col[UUID] = Field(foreign_key="kpm.kpm_id")
    since: Col[date]
    until: Col[date | None] = Field(default=None)
    cause: Col[GapCause]
    penugasan_id: Col[UUID | None] = Field(default=None)
    purpose: Col[DampinganPurpose]
    recorded_at: Col[datetime] = RECORDED
