from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from annotated_types import Interval
from pydantic import StrictInt, StringConstraints
from sqlmodel import Field

from services.caseload.tables import RECORDED, Ranged, Small, Table
from shared.accompaniment import LateEntryFields
from shared.contracts.caseload_activity import VoidReason
from shared.database.tables import Col, Fields, no_overlap
from shared.fields import ONE_LINE, Day, Paragraph, RequestOnly, Wilayah
from shared.updates import track_updates

Number = Annotated[StrictInt, Interval(ge=1, le=99), sa.SmallInteger(), RequestOnly(2)]


class LateEntryRule(LateEntryFields, Table, table=True):
    """How many days after its day a visit or a session may be entered."""


class Voiding(Fields):
    """When, why and by whom a record was voided. It stays readable and counts nowhere."""

    voided_on: Col[date | None] = Field(default=None)
    voided_by: Col[str | None] = Field(default=None)
    void_reason: Col[VoidReason | None] = Field(default=None)


NOT_VOIDED = sa.text("voided_on IS NULL")
VOID_IS_WHOLE = "num_nulls(voided_on, voided_by, void_reason) IN (0, 3)"


class KunjunganPurpose(StrEnum):
    """What a home visit is for."""

    PENDAMPINGAN = "PENDAMPINGAN"
    VERIFIKASI = "VERIFIKASI"
    ASESMEN = "ASESMEN"
    PEMANTAUAN = "PEMANTAUAN"
    KASUS = "KASUS"


class KunjunganFacts(Fields):
    """Family, day and purpose of a visit, and the voided one that it replaces."""

    kpm_id: Col[UUID] = Field(foreign_key="kpm.kpm_id")
    visited_on: Col[Day]
    purpose: Col[KunjunganPurpose]
    replaces: Col[UUID | None] = Field(default=None, foreign_key="kunjungan.kunjungan_id")


class KunjunganTerms(KunjunganFacts):
    """A visit with findings and next action, which are stored sealed."""

    findings: Paragraph
    next_action: Paragraph | None = None


class KunjunganView(KunjunganFacts, Voiding):
    """A home visit without its sealed findings. `entered_on` is the day of entry."""

    kunjungan_id: Col[UUID] = Field(primary_key=True)
    pendamping_id: Col[UUID]
    penugasan_id: Col[UUID]
    entered_on: Col[date]


class Kunjungan(KunjunganView, Table, table=True):
    """A home visit. Findings and next action are sealed with its id.

    `kode_wilayah` is where the family lived on that day.
    """

    __table_args__ = (
        *track_updates("kunjungan_id"),
        sa.Index(
            "uq_kunjungan_once_a_day",
            *("kpm_id", "pendamping_id", "visited_on", "purpose"),
            unique=True,
            postgresql_where=NOT_VOIDED,
        ),
        sa.CheckConstraint(VOID_IS_WHOLE, "void_is_whole"),
        sa.Index("ix_kunjungan_pendamping_id", "pendamping_id", "kunjungan_id"),
        sa.Index("uq_kunjungan_replaces", "replaces", unique=True, postgresql_where=NOT_VOIDED),
    )

    dampingan_id: Col[UUID] = Field(foreign_key="dampingan.dampingan_id")
    kode_wilayah: Col[Wilayah]
    findings_sealed: Col[bytes]
    next_action_sealed: Col[bytes | None] = Field(default=None)
    recorded_by: Col[str]
    recorded_at: Col[datetime] = RECORDED


class P2k2Modul(Ranged, Table, table=True):
    """A P2K2 module with its name in a period.

    Names are data, since handbooks differ (docs/domain.md#p2k2-modules).
    """

    __table_args__ = (
        no_overlap("ex_p2k2_modul_one_at_a_time", "module", of="valid"),
        sa.CheckConstraint("module > 0", "numbered"),
    )

    p2k2_modul_id: Col[int] = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    module: Col[Small]
    name: Col[str]
    source: Col[str]


class P2k2Materi(Ranged, Table, table=True):
    """A session of a P2K2 module with its name in a period."""

    __table_args__ = (
        no_overlap("ex_p2k2_materi_one_at_a_time", "module", "session", of="valid"),
        sa.CheckConstraint("module > 0 AND session > 0", "numbered"),
    )

    p2k2_materi_id: Col[int] = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    module: Col[Small]
    session: Col[Small]
    name: Col[str]


class Presence(StrEnum):
    """Attendance of an invited family. Only HADIR counts as attended."""

    HADIR = "HADIR"
    IZIN = "IZIN"
    SAKIT = "SAKIT"
    ALPA = "ALPA"


class P2k2Terms(Fields):
    """Placement, area, day, module, session and group, and the voided session that it replaces."""

    penugasan_id: Col[UUID]
    kode_wilayah: Col[Wilayah]
    held_on: Col[Day]
    module: Col[Number]
    session: Col[Number]
    kelompok: Col[
        Annotated[str, ONE_LINE, StringConstraints(min_length=1, max_length=60), RequestOnly("Melati 3")]
    ]
    replaces: Col[UUID | None] = Field(default=None, foreign_key="p2k2_sesi.p2k2_sesi_id")


class P2k2View(P2k2Terms, Voiding):
    """A P2K2 session with its numbers of invited and attending families."""

    p2k2_sesi_id: Col[UUID] = Field(primary_key=True)
    pendamping_id: Col[UUID]
    invited: Col[Small]
    attended: Col[Small]
    entered_on: Col[date]


class P2k2Sesi(P2k2View, Table, table=True):
    """A P2K2 session of a pendamping for a group. Its author may always read it."""

    __table_args__ = (
        *track_updates("p2k2_sesi_id"),
        sa.Index(
            "uq_p2k2_sesi_once_a_day",
            *("penugasan_id", "held_on", "kelompok", "module", "session"),
            unique=True,
            postgresql_where=NOT_VOIDED,
        ),
        sa.CheckConstraint(VOID_IS_WHOLE, "void_is_whole"),
        sa.Index("ix_p2k2_sesi_pendamping_id", "pendamping_id", "p2k2_sesi_id"),
        sa.Index("uq_p2k2_sesi_replaces", "replaces", unique=True, postgresql_where=NOT_VOIDED),
        sa.CheckConstraint("0 <= attended AND attended <= invited AND invited > 0", "counted"),
    )

    p2k2_materi_id: Col[int] = Field(foreign_key="p2k2_materi.p2k2_materi_id")
    recorded_by: Col[str]
    recorded_at: Col[datetime] = RECORDED


class AnswerView(Fields):
    kpm_id: Col[UUID] = Field(primary_key=True, foreign_key="kpm.kpm_id", index=True)
    presence: Col[Presence]


class P2k2Kehadiran(AnswerView, Table, table=True):
    """Attendance of one family at one session."""

    __table_args__ = (sa.PrimaryKeyConstraint("p2k2_sesi_id", "kpm_id"),)

    p2k2_sesi_id: Col[UUID] = Field(primary_key=True, foreign_key="p2k2_sesi.p2k2_sesi_id")
