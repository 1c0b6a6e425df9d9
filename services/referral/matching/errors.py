from shared.errors import DomainError


class FamilyHasEnded(DomainError):
    """409: The only member of the family died, or joined another family."""

    en = "This family has ended on {on}, so nothing can be offered to it."
    id = "Keluarga ini telah berakhir pada {on}, sehingga tidak ada yang dapat ditawarkan kepadanya."


class ProgramNoLongerFits(DomainError):
    """409: a hard rule of the program fails since the draft."""

    en = "The program {code} no longer fits this family: {why}."
    id = "Program {code} tidak lagi cocok bagi keluarga ini: {why_id}."
