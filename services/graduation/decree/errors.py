from shared.errors import DomainError


class SkNumberTaken(DomainError):
    """409: one number, one SK."""

    en = "An SK with this number exists already."
    id = "SK dengan nomor ini sudah ada."


class CaseAlreadyInSk(DomainError):
    """409: one case, one SK."""

    en = "One of these cases stands in an SK already."
    id = "Salah satu kasus ini sudah ada dalam SK."


class CasesNotApproved(DomainError):
    """409: an SK takes only cases that Dinsos approved."""

    en = "Only approved cases (DISETUJUI_DINSOS) go into an SK; these are not: {ids}."
    id = "Hanya kasus yang disetujui (DISETUJUI_DINSOS) dapat masuk SK; yang belum: {ids}."


class SkFileEmpty(DomainError):
    """422: an SK is over at least one case."""

    status = 422
    en = "The file names no case."
    id = "Berkas tidak menyebut satu kasus pun."


class SkFileTooLong(DomainError):
    """422: the list is longer than one SK takes."""

    status = 422
    en = "The file is longer than {max_mb} MB. Issue more than one SK."
    id = "Berkas lebih besar dari {max_mb} MB. Terbitkan lebih dari satu SK."
