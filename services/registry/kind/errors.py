"""Refusals of kinds and role conflicts."""

from shared.errors import DomainError, InvalidInput
from shared.remedies import CORRECT_REQUEST, operation, value_from
from shared.roles import MINISTRY


class KindNotInForce(InvalidInput):
    """422: the kind is not in force on some day of that time.

    The sentence names the successor, or "-" if there is none.
    """

    en = "{kind} is not in force in all of that time; its successor: {successor}. Choose a kind that is in force on those days."
    id = "{kind} tidak berlaku pada seluruh masa itu; penggantinya: {successor}. Pilih jenis yang berlaku pada masa itu."
    remedy = value_from("list_pilar_kind", MINISTRY)


class KindStillHeld(DomainError):
    """409: placements as this kind must be ended by the day on which it ends."""

    en = "Placements as {kind} run beyond {valid_to}: {count}. End them by that day first."
    id = "Masih ada penugasan {kind} yang melewati {valid_to}: {count}. Akhiri dahulu paling lambat tanggal itu."
    remedy = operation("end_placement", MINISTRY)


class SuccessorUnknown(InvalidInput):
    """422: the successor must be another kind, in force when the first one ends."""

    en = "{successor} is not another kind in force on {valid_to}. Choose one that is."
    id = "{successor} bukan jenis lain yang berlaku pada {valid_to}. Pilih jenis yang berlaku."
    remedy = value_from("list_pilar_kind", MINISTRY)


class KindsIdentical(InvalidInput):
    """422: a conflict needs two different kinds."""

    en = "A conflict needs two different kinds; {kind} and {other} are the same kind. Name another kind."
    id = "Larangan rangkap memerlukan dua jenis yang berbeda; {kind} dan {other} adalah jenis yang sama. Sebutkan jenis lain."
    remedy = CORRECT_REQUEST


class ConflictOverlaps(DomainError):
    """409: a pair of kinds has one rule at a time.

    The current one must be ended first.
    """

    en = "{kind} and {other} already have a rule in that time. End it first."
    id = "{kind} dan {other} sudah memiliki aturan pada masa itu. Akhiri dahulu."
    more_params = ("role_conflict_id",)
    remedy = operation("end_conflict", MINISTRY)


class EndAlreadySet(DomainError):
    """409: an end can only be moved to an earlier day.

    A longer time needs a new placement, area, kind or conflict.
    """

    en = "This already ends on {valid_to}. Give an earlier day, or make a new one for the time after."
    id = "Ini sudah berakhir pada {valid_to}. Isi tanggal yang lebih awal, atau buat yang baru untuk masa sesudahnya."
    remedy = CORRECT_REQUEST
