"""Pendamping, their statuses, and the histories of both."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from pydantic import StringConstraints
from sqlmodel import Field

from services.registry.tables import Table
from shared.contracts.kinds import FINAL_STATUSES, PendampingStatus, SubjectKind
from shared.database.tables import Col, Fields
from shared.deadlines import END, Owner, Waits
from shared.fields import KNOWN, ONE_LINE, Code, Day, RequestOnly, Sha256
from shared.phone import Phone
from shared.privacy import Nik
from shared.roles import Role
from shared.transitions import guard_moves, moves_condition, require_move
from shared.updates import track_updates

S = PendampingStatus
TRANSITIONS: dict[PendampingStatus, frozenset[PendampingStatus]] = {
    S.CALON: frozenset({S.AKTIF, S.DIBERHENTIKAN, S.MENINGGAL, S.DIBATALKAN}),
    S.AKTIF: frozenset({S.CUTI, S.NONAKTIF}) | FINAL_STATUSES,
    S.CUTI: frozenset({S.AKTIF}) | FINAL_STATUSES,
    S.NONAKTIF: frozenset({S.AKTIF}) | FINAL_STATUSES,
}
"""The next statuses of each status. A status that is not a key is final.

A CALON has never served, so PENSIUN, MUTASI and BERAKHIR_KONTRAK are not possible. DIBATALKAN: the registration was
in error, or the candidate withdrew.
"""

WAITS = Waits(
    dict.fromkeys((S.AKTIF, *FINAL_STATUSES), END)
    | dict.fromkeys((S.CALON, S.CUTI, S.NONAKTIF), Owner(Role.KEMENSOS)),
    state="status",
    since="status_from_on",
)

Name = Annotated[str, ONE_LINE, StringConstraints(min_length=1, max_length=120), RequestOnly("Siti Rahayu")]


class RegistrationTerms(Fields):
    """A person with a NIK, or an organisation without one.

    `from_on` is the first day as CALON, today if not given.
    """

    subject: Annotated[SubjectKind, KNOWN, RequestOnly("PERSON")]
    nik: Annotated[Nik | None, RequestOnly("3324075211879001")] = None
    name: Name
    phone: Phone | None = None
    from_on: Day | None = None


class PendampingBase(Fields):
    """The fields of a pendamping that are not personal data."""

    pendamping_id: Col[UUID] = Field(primary_key=True)
    pendamping_no: Col[str] = Field(schema_extra={"examples": ["PD-7K3M9QXT4"]})
    subject: Col[SubjectKind]
    status: Col[PendampingStatus]
    status_from_on: Col[date]
    version: Col[int]


class Pendamping(PendampingBase, Table, table=True):
    """A person or an organisation that accompanies families, with the status of today.

    Statuses of later days are in the history until their day.
    Commands lock this row before they change its placements and areas.
    """

    __table_args__ = (
        *track_updates("pendamping_no"),
        sa.UniqueConstraint("pendamping_no"),
        # The NIK of a cancelled registration may be registered again.
        sa.Index(
            "uq_pendamping_nik_index",
            "nik_index",
            unique=True,
            postgresql_where=sa.text("status <> 'DIBATALKAN'"),
        ),
        sa.Index(None, "status", "pendamping_no"),
        sa.CheckConstraint("(subject = 'PERSON') = (nik_index IS NOT NULL)", "person_has_nik"),
        sa.CheckConstraint("(nik_index IS NULL) = (nik_sealed IS NULL)", "nik_sealed_with_index"),
        sa.CheckConstraint("version >= 1", "version_positive"),
        # Only another approved reversal leads back.
        guard_moves(
            TRANSITIONS, "status", waits=WAITS, unless="NEW.reversal_id IS DISTINCT FROM OLD.reversal_id"
        ),
    )

    nik_sealed: Col[bytes | None]
    nik_index: Col[bytes | None]
    name_sealed: Col[bytes]
    phone_sealed: Col[bytes | None]
    registered_at: Col[datetime]
    registered_by: Col[str]
    # The request of the last reversal of a status.
    reversal_id: Col[UUID | None] = Field(default=None, foreign_key="approval_request.approval_request_id")

    def transition_to(self, status: PendampingStatus) -> None:
        """Change the status and increment the version.

        Raises:
            IllegalTransition: `TRANSITIONS` does not allow it.
        """
        require_move(TRANSITIONS, self.status, status, "pendamping")
        self.status = status
        self.version += 1


class StatusTerms(Fields):
    """A status and its reason, a code because it is published in events."""

    status: Col[Annotated[PendampingStatus, KNOWN, RequestOnly("AKTIF")]]
    reason: Col[Code]


class StatusChangeTerms(StatusTerms):
    """A status from a day on, today if not given. A dismissal needs evidence."""

    from_on: Day | None = None
    evidence_sha256: Sha256 | None = None


class StatusReversalTerms(StatusTerms):
    """A recorded status that is wrong, by its first day, why, and the evidence."""

    from_on: Day
    evidence_sha256: Sha256


class StatusRecord(StatusTerms):
    """A current or past status, with who recorded it and why.

    A dismissal and a reversal have an approved request. `reverses` is the number of the record that was wrong.
    """

    number: Col[int]
    previous: Col[PendampingStatus | None]
    from_on: Col[date]
    evidence_sha256: Col[str | None] = Field(default=None)
    approval_request_id: Col[UUID | None] = Field(
        default=None, foreign_key="approval_request.approval_request_id"
    )
    reverses: Col[int | None] = Field(default=None)
    recorded_at: Col[datetime]
    recorded_by: Col[str]


class StatusHistory(StatusRecord, Table, table=True):
    """All statuses of a pendamping, with who recorded each, when and why. Append-only."""

    __tablename__ = "pendamping_status_history"
    __table_args__ = (
        sa.UniqueConstraint("pendamping_id", "number"),
        # The status before a planned one takes it back.
        sa.CheckConstraint(
            f"{moves_condition(TRANSITIONS, 'previous', 'status', first={S.CALON})}"
            " OR coalesce(previous = status, false) OR reverses IS NOT NULL",
            "move_legal",
        ),
        sa.CheckConstraint(
            "approval_request_id IS NOT NULL OR status <> 'DIBERHENTIKAN' AND reverses IS NULL",
            "two_persons",
        ),
    )

    status_history_id: Col[UUID] = Field(primary_key=True)
    pendamping_id: Col[UUID] = Field(foreign_key="pendamping.pendamping_id")


class ContactTerms(Fields):
    """A new name, a new phone, or both. The reason is a code."""

    name: Name | None = None
    phone: Phone | None = None
    reason: Code


class NikTerms(Fields):
    """The corrected NIK, the reason as a code, and the evidence.

    `exchange_with` is the pendamping who has this NIK by mistake, and gets the former one of this pendamping.
    """

    nik: Annotated[Nik, RequestOnly("3324075211879001")]
    exchange_with: UUID | None = None
    reason: Code
    evidence_sha256: Sha256


class ContactRecord(Fields):
    """When previous values were replaced, by whom and why."""

    number: Col[int]
    reason: Col[str]
    evidence_sha256: Col[str | None] = Field(default=None)
    recorded_at: Col[datetime]
    recorded_by: Col[str]


class ContactHistory(ContactRecord, Table, table=True):
    """Previous names, phones and NIK of a pendamping, sealed. Append-only."""

    __table_args__ = (sa.UniqueConstraint("pendamping_id", "number"),)

    contact_history_id: Col[UUID] = Field(primary_key=True)
    pendamping_id: Col[UUID] = Field(foreign_key="pendamping.pendamping_id")
    name_sealed: Col[bytes]
    phone_sealed: Col[bytes | None]
    nik_sealed: Col[bytes | None]
    nik_index: Col[bytes | None] = Field(index=True)
