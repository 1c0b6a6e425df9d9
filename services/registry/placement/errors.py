"""Refusals of placements and of their areas."""

from shared.errors import DomainError, InvalidInput


class SupervisorUnknown(InvalidInput):
    """422: the supervisor must be another registered pendamping."""

    en = "The supervisor is not another registered pendamping."
    id = "Atasan yang disebut bukan pendamping lain yang terdaftar."


class PenugasanOverlaps(DomainError):
    """409: a pendamping has one placement of a kind at a time."""

    en = "This pendamping already holds a placement of this kind in that time."
    id = "Pendamping ini sudah memegang penugasan jenis yang sama pada masa itu."


class RolesConflict(DomainError):
    """409: a row of `role_conflict` forbids the two kinds at the same time."""

    en = "{kind} and {other} may not be held at the same time: {reason}."
    id = "{kind} dan {other} tidak boleh dipegang pada masa yang sama: {alasan}."


class WilayahTugasOutsidePenugasan(InvalidInput):
    """422: the range of an area must be inside the range of its placement."""

    en = "The placement is valid from {valid_from} to {valid_to}; the area must lie within that time."
    id = "Penugasan berlaku dari {valid_from} sampai {valid_to}; wilayah tugas harus di dalam masa itu."


class WilayahTugasOverlaps(DomainError):
    """409: a placement covers an area once at a time."""

    en = "This placement already covers {kode_wilayah} in that time."
    id = "Penugasan ini sudah mencakup {kode_wilayah} pada masa itu."


class SubjectNotAllowed(InvalidInput):
    """422: the kind or employer status does not fit a person or an organisation (docs/domain.md#kinds-of-pendamping)."""

    en = "{kind} with the employer status {employer_status} cannot be held by a {subject}."
    id = "{kind} dengan status {employer_status} tidak dapat dipegang oleh {subject}."


class PendampingHasLeft(DomainError):
    """409: the pendamping has a final status on a day of the placement."""

    en = "This pendamping has the status {status} and cannot be given a placement."
    id = "Pendamping ini berstatus {status} dan tidak dapat diberi penugasan."
