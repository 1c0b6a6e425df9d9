"""Who accompanies, and the status that holds."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from pydantic import StringConstraints
from sqlmodel import Field

from services.registry.tables import Table
from shared.contracts.kinds import PendampingStatus, SubjectKind
from shared.database.tables import Col, Fields
from shared.fields import KNOWN, Asked, Code, Day
from shared.privacy import Nik
from shared.transitions import guard_moves, moves_condition, require_move

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

Name = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120), Asked("Siti Rahayu")
]
Phone = Annotated[str, StringConstraints(pattern=r"^\+?[0-9][0-9 -]{5,18}[0-9]$"), Asked("+62 812 0000 0001")]


class RegistrationTerms(Fields):
    """A person with a NIK, or an organisation without. `from_on`: since when a candidate; today unless said."""

    subject: Annotated[SubjectKind, KNOWN, Asked("PERSON")]
    nik: Annotated[Nik | None, Asked("3324075211879001")] = None
    name: Name
    phone: Phone | None = None
    from_on: Day | None = None


class PendampingFacts(Fields):
    """What is not personal about a pendamping."""

    pendamping_id: Col[UUID] = Field(primary_key=True)
    pendamping_no: Col[str] = Field(schema_extra={"examples": ["PD-7K3M9QXT4"]})
    subject: Col[SubjectKind]
    status: Col[PendampingStatus]
    status_from_on: Col[date]
    version: Col[int]


class Pendamping(PendampingFacts, Table, table=True):
    """A person or an organisation that accompanies families. Its row is the lock for everything below it."""

    __table_args__ = (
        sa.UniqueConstraint("pendamping_no"),
        sa.UniqueConstraint("nik_index"),
        sa.Index(None, "status", "pendamping_no"),
        sa.CheckConstraint("(subject = 'PERSON') = (nik_index IS NOT NULL)", "person_has_nik"),
        sa.CheckConstraint("(nik_index IS NULL) = (nik_sealed IS NULL)", "nik_is_whole"),
        sa.CheckConstraint("version >= 1", "version_positive"),
        guard_moves(TRANSITIONS, "status"),
    )

    nik_sealed: Col[bytes | None]
    nik_index: Col[bytes | None]
    name_sealed: Col[bytes]
    phone_sealed: Col[bytes | None]
    registered_at: Col[datetime]
    registered_by: Col[str]

    def become(self, status: PendampingStatus) -> None:
        """Move to a status and count the version up.

        Raises:
            IllegalTransition: `TRANSITIONS` has no such move.
        """
        require_move(TRANSITIONS, self.status, status, "pendamping")
        self.status = status
        self.version += 1


class StatusTerms(Fields):
    """A status, for a reason that is a code because it travels."""

    status: Col[Annotated[PendampingStatus, KNOWN, Asked("AKTIF")]]
    reason: Col[Code]


class StatusHeld(StatusTerms):
    """A status that was held, with who recorded it and why."""

    number: Col[int]
    previous: Col[PendampingStatus | None]
    from_on: Col[date]
    recorded_at: Col[datetime]
    recorded_by: Col[str]


class StatusHistory(StatusHeld, Table, table=True):
    """Every status that a pendamping has had, with who, when and why. Append-only."""

    __tablename__ = "pendamping_status_history"
    __table_args__ = (
        sa.UniqueConstraint("pendamping_id", "number"),
        sa.CheckConstraint(moves_condition(TRANSITIONS, "previous", "status", first={S.CALON}), "move_legal"),
    )

    status_history_id: Col[UUID] = Field(primary_key=True)
    pendamping_id: Col[UUID] = Field(foreign_key="pendamping.pendamping_id")


class ContactHistory(Table, table=True):
    """Every name and phone that a pendamping was known by, sealed, with who changed it and why. Append-only."""

    __table_args__ = (sa.UniqueConstraint("pendamping_id", "number"),)

    contact_history_id: Col[UUID] = Field(primary_key=True)
    pendamping_id: Col[UUID] = Field(foreign_key="pendamping.pendamping_id")
    number: Col[int]
    name_sealed: Col[bytes]
    phone_sealed: Col[bytes | None]
    reason: Col[str]
    recorded_at: Col[datetime]
    recorded_by: Col[str]
