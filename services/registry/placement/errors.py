"""Refusals of placements and of the areas that they cover."""

from shared.errors import DomainError, InvalidInput


class SupervisorUnknown(InvalidInput):
    """422: nobody has that id, or it is the pendamping's own."""

    en = "The supervisor is not another registered pendamping."
    id = "Atasan yang disebut bukan pendamping lain yang terdaftar."


class PenugasanOverlaps(DomainError):
    """409: nobody holds one kind twice at a time."""

    en = "This pendamping already holds a placement of this kind in that time."
    id = "Pendamping ini sudah memegang penugasan jenis yang sama pada masa itu."


class RolesConflict(DomainError):
    """409: a row of `role_conflict` forbids the pair in the same time."""

    en = "{kind} and {other} may not be held in the same time: {reason}."
    id = "{kind} dan {other} tidak boleh dipegang pada masa yang sama: {alasan}."


class WilayahTugasOutsidePenugasan(InvalidInput):
    """422: an area is covered within the time of its penugasan."""

    en = "The placement holds from {valid_from} to {valid_to}; the area must lie within that time."
    id = "Penugasan berlaku dari {valid_from} sampai {valid_to}; wilayah tugas harus di dalam masa itu."


class WilayahTugasOverlaps(DomainError):
    """409: one placement covers an area once at a time."""

    en = "This placement already covers {kode_wilayah} in that time."
    id = "Penugasan ini sudah mencakup {kode_wilayah} pada masa itu."


class WrongSubject(InvalidInput):
    """422: some kinds are organisations, the others are people (domain.md 2.2)."""

    en = "{kind} on the terms {employer_status} cannot be held by a {subject}."
    id = "{kind} dengan status {employer_status} tidak dapat dipegang oleh {subject}."


class PendampingHasLeft(DomainError):
    """409: the status is an end, from which nobody serves."""

    en = "This pendamping is {status} and takes no placement."
    id = "Pendamping ini berstatus {status} dan tidak dapat diberi penugasan."
