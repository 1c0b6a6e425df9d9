from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from annotated_types import Interval
from pydantic import StrictInt
from sqlalchemy.dialects.postgresql import Range
from sqlmodel import Field

from services.caseload.tables import OFF, RECORDED, VERSION, Cancellable, Days, Table
from shared.contracts.kinds import DampinganPurpose, PilarKind
from shared.database.tables import Authored, Col, Fields, no_overlap
from shared.deadlines import CoveredBy, Until, Waits, track_waits
from shared.field_classes import PRIBADI
from shared.fields import KNOWN, Day, Paragraph, RequestOnly
from shared.updates import track_updates

ENDING_WAITS = Waits(
    {"ENDING": Until("upper(valid)")},
    state="'ENDING'",
    rows="NOT ended AND NOT upper_inf(valid) AND NOT isempty(valid)",
)


class Accompaniment(Fields):
    """Pendamping, placement, kind and purpose of a dampingan."""

    dampingan_id: Col[UUID] = Field(primary_key=True)
    pendamping_id: Col[UUID]
    penugasan_id: Col[UUID]
    kind: Col[PilarKind]
    purpose: Col[DampinganPurpose]


class ResponsibleItem(Accompaniment, Days):
    """A dampingan that covered the day."""


class DampinganFacts(Accompaniment):
    """A dampingan without its period."""

    kpm_id: Col[UUID] = Field(foreign_key="kpm.kpm_id", index=True)
    over_limit: Col[bool] = OFF
    version: Col[int] = VERSION


class DampinganView(DampinganFacts, Days):
    """A dampingan of a family. `valid_to` is the first day without it.

    `over_limit` is true if its placement had reached the limit when it started: by a split, a return or with a reason.
    """


class DampinganItem(DampinganView):
    """A listed dampingan, with the reason to exceed the limit if one was given."""

    override_reason: Annotated[str | None, PRIBADI]


class Dampingan(DampinganFacts, Cancellable, Table, table=True):
    """Accompaniment of one family by one pendamping in a period.

    A dampingan for PEMANTAUAN, after an exit, does not count against the limit. `ended` is true once the last day has
    passed and the end was subtracted from the load and emitted. An end may be in the future. One that was cancelled
    before it began has an empty period, and its first day in `cancelled_from`. `override_reason_sealed` is
    sealed with its id.
    """

    __table_args__ = (
        *track_updates("dampingan_id"),
        no_overlap("ex_dampingan_one_pkh_pendamping", "kpm_id", of="valid", where="kind = 'PKH_PENDAMPING'"),
        # The constraint above already covers a PKH pendamping.
        no_overlap(
            "ex_dampingan_once_at_a_time",
            "kpm_id",
            "penugasan_id",
            of="valid",
            where="kind <> 'PKH_PENDAMPING'",
        ),
        # The order of a pendamping's list of families and of a hand-over's steps. It includes `valid`, so
        # that a page stops
        # when it is full. Else row security checks all 400 families of a pendamping before they are sorted.
        sa.Index("ix_dampingan_pendamping_id", "pendamping_id", "kpm_id", postgresql_include=["valid"]),
        sa.Index(
            "ix_dampingan_ending",
            sa.text("coalesce(upper(valid), '-infinity'::date)"),
            postgresql_where=sa.text("NOT ended AND NOT upper_inf(valid)"),
        ),
        sa.CheckConstraint("isempty(valid) = (cancelled_from IS NOT NULL)", "cancelled_is_empty"),
        track_waits(ENDING_WAITS),
    )

    reason: Col[str | None] = Field(default=None)
    override_reason_sealed: Col[bytes | None] = Field(default=None)
    ended: Col[bool] = OFF
    recorded_at: Col[datetime] = RECORDED

    def end_on(self, day: date, reason: str) -> None:
        """End it on a day, or cancel it if it begins no earlier."""
        if day <= self.valid_from:
            self.cancelled_from, self.valid = self.valid_from, Range(empty=True)
        else:
            self.valid = Range(self.valid_from, day)
        self.reason, self.version = reason, self.version + 1


class DampinganLoad(Table, table=True):
    """Number of families that count against the limit of a penugasan.

    Its row lock serializes concurrent assignments. `above` is the side of the limit that was last emitted.
    """

    __table_args__ = (sa.CheckConstraint("weighing >= 0", "not_negative"),)

    penugasan_id: Col[UUID] = Field(primary_key=True)
    pendamping_id: Col[UUID]
    weighing: Col[int]
    above: Col[bool] = OFF


Families = Annotated[StrictInt, Interval(ge=1, le=10_000)]


class LimitNumbers(Fields):
    """Limits of a kind in families: a warning above one, a refusal above the other."""

    kind: Col[Annotated[PilarKind, KNOWN, RequestOnly("PKH_PENDAMPING")]] = Field(primary_key=True)
    warn_above: Col[Annotated[Families, RequestOnly(400)]]
    refuse_above: Col[Annotated[Families, RequestOnly(550)]]
    basis: Col[Annotated[Paragraph, RequestOnly("Surat Dirjen Linjamsos tentang beban dampingan")]]


class DampinganLimitTerms(LimitNumbers):
    """Limits from a day on."""

    valid_from: Day


class DampinganLimitFacts(LimitNumbers, Authored):
    """A version of the limits, and who set it."""

    version: Col[int] = Field(primary_key=True)


class DampinganLimitItem(DampinganLimitFacts, Days):
    """A version of a kind's limits.

    `valid_to` is the first day of the next version, if any, and `valid_from` if it was replaced before it began.
    """


class DampinganLimit(DampinganLimitFacts, Cancellable, Table, table=True):
    """How many families one pendamping of a kind may accompany. Policy as data.

    A new version ends the previous one on its first day, and cancels those that begin on that day or later. The
    numbers of a version never change.
    """

    __table_args__ = (
        no_overlap("ex_dampingan_limit_one_at_a_time", "kind", of="valid"),
        sa.CheckConstraint("0 < warn_above AND warn_above < refuse_above", "warning_below_refusal"),
        sa.CheckConstraint("isempty(valid) = (cancelled_from IS NOT NULL)", "cancelled_is_empty"),
    )


class GapCause(StrEnum):
    """Why no PKH pendamping accompanies a family.

    PEMANTAUAN_SELESAI: it has left PKH, so none is needed. MASUK_PKH: it entered or re-entered PKH while it had none.
    PEMANTAUAN_DIMULAI: its monitoring after an exit from another bansos began while it had none.
    """

    DAMPINGAN_DIAKHIRI = "DAMPINGAN_DIAKHIRI"
    PENUGASAN_BERAKHIR = "PENUGASAN_BERAKHIR"
    WILAYAH_TUGAS_BERAKHIR = "WILAYAH_TUGAS_BERAKHIR"
    PENDAMPING_TIDAK_AKTIF = "PENDAMPING_TIDAK_AKTIF"
    PEMANTAUAN_SELESAI = "PEMANTAUAN_SELESAI"
    BELUM_ADA = "BELUM_ADA"
    MASUK_PKH = "MASUK_PKH"
    PEMANTAUAN_DIMULAI = "PEMANTAUAN_DIMULAI"


class GapFacts(Fields):
    """First day and cause of a gap."""

    gap_id: Col[UUID] = Field(primary_key=True)
    since: Col[date]
    cause: Col[GapCause]


class GapView(GapFacts):
    """Days without a PKH pendamping: from `since` up to, not including, `until`."""

    until: Col[date | None] = Field(default=None)


class GapOfFamily(GapFacts):
    """Family of a gap, and the placement that accompanied it last."""

    kpm_id: Col[UUID] = Field(foreign_key="kpm.kpm_id", index=True)
    penugasan_id: Col[UUID | None] = Field(default=None)
    purpose: Col[DampinganPurpose]


class DampinganGap(GapOfFamily, GapView, Table, table=True):
    """Days of a family without a PKH dampingan: from `since` up to, not including, `until`.

    The gap is open while `until` is NULL. `penugasan_id` accompanied the family last: a hand-over of that placement
    includes the family. `until` equals `since` in a gap that was filled from its first day on.
    """

    __table_args__ = (
        no_overlap("ex_dampingan_gap_once_at_a_time", "kpm_id", of="daterange(since, until)"),
        sa.CheckConstraint("until IS NULL OR until >= since", "until_not_before_since"),
        sa.Index(
            "ix_dampingan_gap_penugasan_id",
            *("penugasan_id", "kpm_id"),
            postgresql_where=sa.text("until IS NULL"),
        ),
        sa.Index("ix_dampingan_gap_open", "gap_id", postgresql_where=sa.text("until IS NULL")),
        sa.Index("ix_dampingan_gap_until", "until"),
        # A gap of a family that needs a pendamping has the task PASANG_PENDAMPING.
        track_waits(Waits({"OPEN": CoveredBy("tugas")}, state="'OPEN'")),
    )

    recorded_at: Col[datetime] = RECORDED
