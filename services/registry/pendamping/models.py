"""Who accompanies, and the status that holds."""

from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.registry.tables import Instant, Table, one_of
from shared.contracts.kinds import PendampingStatus, SubjectKind
from shared.database import text_enum
from shared.errors import IllegalTransition

S = PendampingStatus
ENDS = frozenset({S.MUTASI, S.PENSIUN, S.BERAKHIR_KONTRAK, S.DIBERHENTIKAN, S.MENINGGAL})
"""Statuses that nobody comes back from (domain.md 2.4)."""
TRANSITIONS: dict[PendampingStatus, frozenset[PendampingStatus]] = {
    S.CALON: frozenset({S.AKTIF, S.DIBERHENTIKAN, S.MENINGGAL}),
    S.AKTIF: frozenset({S.CUTI, S.NONAKTIF}) | ENDS,
    S.CUTI: frozenset({S.AKTIF}) | ENDS,
    S.NONAKTIF: frozenset({S.AKTIF}) | ENDS,
}
"""What a status may become; what is missing here is an end. Who never served cannot retire, move or run out."""


def legal_moves() -> str:
    """Return `TRANSITIONS` as the SQL condition behind the status history."""
    moves = [f"(previous = '{old}' AND {one_of('status', sorted(new))})" for old, new in TRANSITIONS.items()]
    # Without the second IS NOT NULL a first status that is no CALON makes the condition NULL, which a CHECK lets pass.
    return f"(previous IS NULL AND status = 'CALON') OR (previous IS NOT NULL AND ({' OR '.join(moves)}))"


class Pendamping(Table):
    """A person or an organisation that accompanies families. Its row is the lock for everything below it."""

    __tablename__ = "pendamping"
    __table_args__ = (
        sa.UniqueConstraint("pendamping_no"),
        sa.UniqueConstraint("nik_index"),
        sa.Index("ix_pendamping_status_pendamping_no", "status", "pendamping_no"),
        sa.CheckConstraint("(subject = 'PERSON') = (nik_index IS NOT NULL)", "person_has_nik"),
        sa.CheckConstraint("(nik_index IS NULL) = (nik_sealed IS NULL)", "nik_is_whole"),
        sa.CheckConstraint("version >= 1", "version_positive"),
    )

    pendamping_id: Mapped[UUID] = mapped_column(primary_key=True)
    pendamping_no: Mapped[str]
    subject: Mapped[SubjectKind] = mapped_column(text_enum(SubjectKind))
    nik_sealed: Mapped[bytes | None]
    nik_index: Mapped[bytes | None]
    name_sealed: Mapped[bytes]
    phone_sealed: Mapped[bytes | None]
    status: Mapped[PendampingStatus] = mapped_column(text_enum(PendampingStatus))
    status_from_on: Mapped[date]
    version: Mapped[int]
    registered_at: Mapped[Instant]
    registered_by: Mapped[str]

    def become(self, status: PendampingStatus) -> None:
        """Take a status; raise IllegalTransition where `TRANSITIONS` has no such move."""
        if status not in TRANSITIONS.get(self.status, ()):
            raise IllegalTransition(noun="pendamping", current=self.status.value, wanted=status.value)
        self.status = status
        self.version += 1


class StatusHistory(Table):
    """Every status that a pendamping has had, with who, when and why. Append-only."""

    __tablename__ = "pendamping_status_history"
    __table_args__ = (
        sa.UniqueConstraint("pendamping_id", "number"),
        sa.CheckConstraint(legal_moves(), "move_legal"),
    )

    status_history_id: Mapped[UUID] = mapped_column(primary_key=True)
    pendamping_id: Mapped[UUID] = mapped_column(sa.ForeignKey("pendamping.pendamping_id"))
    number: Mapped[int]
    previous: Mapped[str | None]
    status: Mapped[PendampingStatus] = mapped_column(text_enum(PendampingStatus))
    reason: Mapped[str]
    from_on: Mapped[date]
    recorded_at: Mapped[Instant]
    recorded_by: Mapped[str]


class ContactHistory(Table):
    """Every name and phone that a pendamping was known by, sealed, with who changed it and why. Append-only."""

    __tablename__ = "contact_history"
    __table_args__ = (sa.UniqueConstraint("pendamping_id", "number"),)

    contact_history_id: Mapped[UUID] = mapped_column(primary_key=True)
    pendamping_id: Mapped[UUID] = mapped_column(sa.ForeignKey("pendamping.pendamping_id"))
    number: Mapped[int]
    name_sealed: Mapped[bytes]
    phone_sealed: Mapped[bytes | None]
    reason: Mapped[str]
    recorded_at: Mapped[Instant]
    recorded_by: Mapped[str]
