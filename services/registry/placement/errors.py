"""Refusals of placements and of their areas."""

from shared.errors import DomainError, InvalidInput
from shared.remedies import ALREADY_DONE, CORRECT_REQUEST, operation, value_from
from shared.roles import MINISTRY


class SupervisorUnknown(InvalidInput):
    """422: the supervisor must be another registered pendamping."""

    en = "The supervisor is not another registered pendamping. Name one who is registered."
    id = "Atasan yang disebut bukan pendamping lain yang terdaftar. Sebutkan pendamping yang terdaftar."
    remedy = value_from("find_pendamping", MINISTRY)


class PenugasanOverlaps(DomainError):
    """409: a pendamping has one placement of a kind at a time."""

    en = "This pendamping already holds a placement of this kind in that time. End it first, or choose a later time."
    id = "Pendamping ini sudah memegang penugasan jenis yang sama pada masa itu. Akhiri dahulu, atau pilih masa sesudahnya."
    more_params = ("penugasan_id",)
    remedy = operation("end_placement", MINISTRY)


class RolesConflict(DomainError):
    """409: a row of `role_conflict` forbids the two kinds at the same time."""

    en = "{kind} and {other} may not be held at the same time: {reason}. End the other placement first, or choose a later time."
    id = "{kind} dan {other} tidak boleh dipegang pada masa yang sama: {reason}. Akhiri dahulu penugasan lain itu, atau pilih masa sesudahnya."
    more_params = ("penugasan_id",)
    remedy = operation("end_placement", MINISTRY)


class WilayahTugasOutsidePenugasan(InvalidInput):
    """422: the range of an area must be inside the range of its placement."""

    en = "The placement is valid from {valid_from} to {valid_to}; the area must lie within that time."
    id = "Penugasan berlaku dari {valid_from} sampai {valid_to}; wilayah tugas harus di dalam masa itu."
    remedy = CORRECT_REQUEST


class WilayahTugasOverlaps(DomainError):
    """409: a placement covers an area once at a time."""

    en = "This placement already covers {kode_wilayah} in that time. End that cover first, or choose a later time."
    id = "Penugasan ini sudah mencakup {kode_wilayah} pada masa itu. Akhiri dahulu cakupannya, atau pilih masa sesudahnya."
    more_params = ("wilayah_tugas_id",)
    remedy = operation("end_cover", MINISTRY)


class SubjectNotAllowed(InvalidInput):
    """422: the kind or employer status does not fit a person or an organisation (docs/domain.md#kinds-of-pendamping)."""

    en = "{kind} with the employer status {employer_status} cannot be held by a {subject}. Choose another kind or employer status."
    id = "{kind} dengan status {employer_status} tidak dapat dipegang oleh {subject}. Pilih jenis atau status lain."
    remedy = CORRECT_REQUEST


class PendampingHasLeft(DomainError):
    """409: the pendamping has a final status on a day of the placement."""

    en = "This pendamping has the status {status} and cannot be given a placement. Choose another pendamping. If the status is wrong, the Dinsos office requests its reversal."
    id = "Pendamping ini berstatus {status} dan tidak dapat diberi penugasan. Pilih pendamping lain. Bila statusnya keliru, kantor Dinsos mengajukan pembatalannya."
    remedy = CORRECT_REQUEST


class NoEndToTakeBack(DomainError):
    """409: no end was recorded, or it has been taken back."""

    en = "No end is recorded here that could be taken back. Nothing more is needed."
    id = "Tidak ada akhir yang tercatat di sini untuk ditarik kembali. Tidak perlu apa-apa lagi."
    remedy = ALREADY_DONE


class PenugasanHasEnded(DomainError):
    """409: the placement has ended, or was cancelled, before that day."""

    en = "The placement itself ended on {valid_to}. Kemensos takes that end back first (POST /v1/penugasan/{{id}}/restoration)."
    id = "Penugasannya sendiri berakhir pada {valid_to}. Kemensos menarik kembali akhir itu dahulu (POST /v1/penugasan/{{id}}/restoration)."
    remedy = operation("restore_placement", MINISTRY)
