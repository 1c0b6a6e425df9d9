"""Events of registry about pendamping, placements and areas. Key: `pendamping_id`."""

from datetime import date
from uuid import UUID

from shared.contracts.kinds import Ditjen, EmployerStatus, PendampingStatus, PilarKind, SubjectKind
from shared.events import Event


class PendampingRegistered(Event, wire="registry.pendamping_registered.v1", key="pendamping_id"):
    """A pendamping is registered with a number and a status.

    Used by: caseload.pendamping, graduation.pendamping, referral.pendamping
    """

    pendamping_id: UUID
    pendamping_no: str
    subject: SubjectKind
    status: PendampingStatus
    from_on: date


class PendampingStatusChanged(Event, wire="registry.pendamping_status_changed.v1", key="pendamping_id"):
    """The status of a pendamping changes from a date.

    Used by: caseload.pendamping, caseload.placement, graduation.pendamping, referral.pendamping

    With any status but AKTIF a pendamping may start nothing new. `reverses` is the status of this day that was recorded
    in error: `status` holds instead.
    """

    pendamping_id: UUID
    pendamping_no: str
    subject: SubjectKind
    status: PendampingStatus
    reason: str
    from_on: date
    reverses: PendampingStatus | None = None


class PenugasanStarted(Event, wire="registry.penugasan_started.v1", key="pendamping_id"):
    """A pendamping has a placement of a kind from a date.

    Used by: caseload.pendamping, caseload.placement, graduation.pendamping, referral.pendamping

    Emitted again when its terms are corrected, and when it is restored. `restored_from` is the day of the end that was
    taken back.
    """

    penugasan_id: UUID
    pendamping_id: UUID
    kind: PilarKind
    ditjen: Ditjen
    employer_status: EmployerStatus
    supervisor_id: UUID | None = None
    valid_from: date
    valid_to: date | None = None
    restored_from: date | None = None


class PenugasanEnded(Event, wire="registry.penugasan_ended.v1", key="pendamping_id"):
    """A placement has ended.

    Used by: caseload.pendamping, caseload.placement, graduation.pendamping, referral.pendamping

    `valid_to` is the first day that it does not cover.
    """

    penugasan_id: UUID
    pendamping_id: UUID
    kind: PilarKind
    ditjen: Ditjen
    employer_status: EmployerStatus
    supervisor_id: UUID | None = None
    valid_from: date
    valid_to: date
    reason: str


class WilayahTugasPlaced(Event, wire="registry.wilayah_tugas_placed.v1", key="pendamping_id"):
    """A placement covers an area from a date.

    Used by: caseload.pendamping, caseload.placement, graduation.pendamping, referral.pendamping

    Emitted again with its range when it is restored. `restored_from` is the day of the end that was taken back.
    """

    wilayah_tugas_id: UUID
    penugasan_id: UUID
    pendamping_id: UUID
    kode_wilayah: str
    valid_from: date
    valid_to: date | None = None
    restored_from: date | None = None


class WilayahTugasEnded(Event, wire="registry.wilayah_tugas_ended.v1", key="pendamping_id"):
    """A placement no longer covers an area.

    Used by: caseload.pendamping, caseload.placement, graduation.pendamping, referral.pendamping

    `valid_to` is the first day outside.
    """

    wilayah_tugas_id: UUID
    penugasan_id: UUID
    pendamping_id: UUID
    kode_wilayah: str
    valid_from: date
    valid_to: date
    reason: str
