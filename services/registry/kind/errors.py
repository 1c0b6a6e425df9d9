"""Refusals of kinds and role conflicts."""

from shared.errors import DomainError, InvalidInput


class KindNotInForce(InvalidInput):
    """422: in a part of that time the framework has no such kind; its successor is named where there is one."""

    en = "{kind} is not in force in all of that time; its successor: {successor}."
    id = "{kind} tidak berlaku pada seluruh masa itu; penggantinya: {successor}."


class KindStillHeld(DomainError):
    """409: nobody may serve as a kind that is no more; placements are ended or moved first."""

    en = "Placements as {kind} run beyond {valid_to}: {count}. End them first."
    id = "Masih ada penugasan {kind} yang melewati {valid_to}: {count}. Akhiri dahulu."


class SuccessorUnknown(InvalidInput):
    """422: the kind that follows is another one, in force on the day that the first one ends."""

    en = "{successor} is not another kind in force on {valid_to}."
    id = "{successor} bukan jenis lain yang berlaku pada {valid_to}."


class OneKindTwice(InvalidInput):
    """422: a conflict is between two kinds; one kind is never held twice at a time anyhow."""

    en = "A conflict is between two kinds; {kind} and {other} are one."
    id = "Larangan rangkap berlaku bagi dua jenis; {kind} dan {other} adalah satu jenis."


class ConflictOverlaps(DomainError):
    """409: a pair of kinds has one rule at a time; the one that holds is ended first."""

    en = "{kind} and {other} already have a rule in that time. End it first."
    id = "{kind} dan {other} sudah memiliki aturan pada masa itu. Akhiri dahulu."


class EndAlreadySet(DomainError):
    """409: an end may be brought forward, never put off; a longer service is a new placement."""

    en = "This already ends on {valid_to}; an end can only be brought forward."
    id = "Ini sudah berakhir pada {valid_to}; tanggal akhir hanya dapat dimajukan."
