"""The kinds of pilar sosial as the ministry orders them over time (domain.md 2.2)."""

from datetime import date
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.registry.tables import Instant, Table, one_of
from shared.contracts.kinds import Ditjen, PilarKind
from shared.database import text_enum


class PilarLevel(StrEnum):
    """At which level of the country a kind works."""

    DESA = "DESA"
    KECAMATAN = "KECAMATAN"
    KABKOTA = "KABKOTA"
    PROV = "PROV"
    LEMBAGA = "LEMBAGA"


class HeldBy(StrEnum):
    """Who may hold a kind: LKS is held by organisations alone, a karang taruna by either."""

    PERSON = "PERSON"
    LEMBAGA = "LEMBAGA"
    EITHER = "EITHER"


class PilarTerms(Table):
    """What a kind is, in which Ditjen and held by whom, for a time. One that ended may name the kind that follows it."""

    __tablename__ = "pilar_kind"
    __table_args__ = (
        ExcludeConstraint(
            (sa.column("kind"), "="),
            (sa.text("daterange(valid_from, valid_to)"), "&&"),
            name="ex_pilar_kind_range",
            using="gist",
        ),
        sa.UniqueConstraint("kind", "valid_from"),
        sa.CheckConstraint("valid_to > valid_from", "range_forward"),
        sa.CheckConstraint(one_of("successor_kind", PilarKind.known()), "successor_known"),
        sa.CheckConstraint("successor_kind <> kind", "successor_another"),
        sa.CheckConstraint("successor_kind IS NULL OR valid_to IS NOT NULL", "successor_of_ended"),
        sa.CheckConstraint("version >= 1", "version_positive"),
    )

    pilar_kind_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[PilarKind] = mapped_column(text_enum(PilarKind))
    name: Mapped[str]
    ditjen: Mapped[Ditjen] = mapped_column(text_enum(Ditjen))
    level: Mapped[PilarLevel] = mapped_column(text_enum(PilarLevel))
    held_by: Mapped[HeldBy] = mapped_column(text_enum(HeldBy))
    source: Mapped[str]
    successor_kind: Mapped[str | None]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    version: Mapped[int]
    set_at: Mapped[Instant]
    set_by: Mapped[str]


class RoleConflict(Table):
    """Two kinds that one person may not hold in the same time; `paid_only`: only if both are paid (domain.md 2.4)."""

    __tablename__ = "role_conflict"
    __table_args__ = (
        sa.CheckConstraint(one_of("other_kind", PilarKind.known()), "other_kind_known"),
        sa.CheckConstraint("kind <> other_kind", "two_kinds"),
        sa.CheckConstraint("version >= 1", "version_positive"),
        sa.CheckConstraint("valid_to > valid_from", "range_forward"),
        ExcludeConstraint(
            (sa.text("(LEAST(kind, other_kind))"), "="),
            (sa.text("(GREATEST(kind, other_kind))"), "="),
            (sa.text("daterange(valid_from, valid_to)"), "&&"),
            name="ex_role_conflict_range",
            using="gist",
        ),
    )

    role_conflict_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[PilarKind] = mapped_column(text_enum(PilarKind))
    other_kind: Mapped[str]
    paid_only: Mapped[bool]
    reason_en: Mapped[str]
    reason_id: Mapped[str]
    source: Mapped[str]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    version: Mapped[int]
