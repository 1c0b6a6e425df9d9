from shared.errors import DomainError


class ProgramNoLongerFits(DomainError):
    """409: a hard rule of the program fails since the draft."""

    en = "The program {code} no longer fits this family: {why}."
    id = "Program {code} tidak lagi cocok bagi keluarga ini: {why_id}."
