from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from annotated_types import Interval
from pydantic import StrictInt
from sqlmodel import Field

from services.caseload.tables import OFF, RECORDED, VERSION, Days, Ranged, Table
from shared.contracts.kinds import DampinganPurpose, PilarKind
from shared.database.tables import Col, Fields, no_overlap
from shared.fields import KNOWN, Asked, Day, Paragraph


class Accompaniment(Fields):
    """Who accompanies, under which placement and for what."""

    dampingan_id: Col[UUID] = Field(primary_key=True)
    pendamping_id: Col[UUID]
    penugasan_id: Col[UUID]
    kind: Col[PilarKind]
    purpose: Col[DampinganPurpose]


class ResponsibleItem(Accompaniment, Days):
    """Who accompanied the family on the day, under which placement."""


class DampinganFacts(Accompaniment):
    """A dampingan without its days."""

    kpm_id: Col[UUID] = Field(foreign_key="kpm.kpm_id", index=True)
    version: Col[int] = VERSION


class DampinganView(DampinganFacts, Days):
    """Who accompanies a family, under which placement; `valid_to` is the first day without."""


class Dampingan(DampinganFacts, Ranged, Table, table=True):
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

    reason: Col[str | None] = Field(default=None)
    ended: Col[bool] = OFF
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


Families = Annotated[StrictInt, Interval(ge=1, le=10_000)]


class LimitNumbers(Fields):
    """Above how many families one is warned, above how many refused, and by which text."""

    kind: Col[Annotated[PilarKind, KNOWN, Asked("PKH_PENDAMPING")]] = Field(primary_key=True)
    warn_above: Col[Annotated[Families, Asked(400)]]
    refuse_above: Col[Annotated[Families, Asked(550)]]
    basis: Col[Annotated[Paragraph, Asked("Surat Dirjen Linjamsos tentang beban dampingan")]]


class DampinganLimitTerms(LimitNumbers):
    """The numbers from a day on."""

    valid_from: Day


class DampinganLimitFacts(LimitNumbers):
    """A version of the numbers, and who set it."""

    version: Col[int] = Field(primary_key=True)
    set_by: Col[str]
    set_at: Col[datetime]


class DampinganLimitItem(DampinganLimitFacts, Days):
    """A version of a kind's limits; `valid_to` is the first day outside, none while no other follows."""


class DampinganLimit(DampinganLimitFacts, Ranged, Table, table=True):
    """How many families one pendamping of a kind may have: warned above, refused above. Policy as data.

    A version is added, and ends the one before on its first day; its numbers never change.
    """

    __table_args__ = (
        no_overlap("ex_dampingan_limit_one_at_a_time", "kind", of="valid"),
        sa.CheckConstraint("0 < warn_above AND warn_above < refuse_above", "warned_first"),
    )


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


class GapFacts(Fields):
    """Since when and why nobody accompanies a family."""

    gap_id: Col[UUID] = Field(primary_key=True)
    since: Col[date]
    cause: Col[GapCause]


class GapView(GapFacts):
    """Days without a pendamping of PKH: from `since` up to, not including, `until`; open without one."""

    until: Col[date | None] = Field(default=None)


class GapOfFamily(GapFacts):
    """Whose gap it is, and who had the family last."""

    kpm_id: Col[UUID] = Field(foreign_key="kpm.kpm_id", index=True)
    penugasan_id: Col[UUID | None] = Field(default=None)
    purpose: Col[DampinganPurpose]


class DampinganGap(GapOfFamily, GapView, Table, table=True):
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
    )

    recorded_at: Col[datetime] = RECORDED
