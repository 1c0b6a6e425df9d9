from shared.errors import DomainError, NotAllowed


class SamePersonTwice(NotAllowed):
    """403: the caller has already acted in another stage of this case (docs/decisions/0015-separation-of-duties-in-the-database.md)."""

    en = "You have acted in another stage of this case. Each stage needs a different person."
    id = "Anda sudah bertindak pada tahap lain dari kasus ini. Setiap tahap harus dilakukan orang yang berbeda."


class FamilyAccompaniedLately(NotAllowed):
    """403: the caller accompanied the family a short time ago (docs/case-lifecycle.md#four-eyes)."""

    en = (
        "You have accompanied or monitored this family within the last {months} months. Let another official act on this"
        " case."
    )
    id = (
        "Anda mendampingi atau memantau keluarga ini dalam {months} bulan terakhir. Serahkan kasus ini kepada pejabat"
        " lain."
    )


class CaseElsewhere(NotAllowed):
    """403: the family has moved out of the caller's areas.

    Offices of the area where the family lives now decide its case.
    """

    en = "The family of this case lives in {kode_wilayah} now; the offices there decide on it."
    id = "Keluarga pada kasus ini kini tinggal di {kode_wilayah}; kantor di wilayah itu yang memutuskannya."


class ExitProposalRequired(DomainError):
    """409: cases of this exit reason are opened by an exit proposal in caseload."""

    en = "A case of {exit_reason} is opened by a proposal with evidence in caseload, not here."
    id = "Kasus {exit_reason} dibuka melalui usulan berbukti di layanan caseload, bukan di sini."


class KepesertaanOfAnotherFamily(DomainError):
    """409: the kepesertaan belongs to another family."""

    en = "This kepesertaan belongs to another family. Send one of the family in kpm_id."
    id = "Kepesertaan ini milik keluarga lain. Kirimkan kepesertaan milik keluarga pada kpm_id."


class KepesertaanNotActive(DomainError):
    """409: the kepesertaan is not active today, so it cannot be ended."""

    en = "This kepesertaan is not active on {on}."
    id = "Kepesertaan ini tidak aktif pada {on}."
