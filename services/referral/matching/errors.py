from shared.errors import DomainError


class ProgramNoLongerFits(DomainError):
    """409: since it was drafted, a fact has changed that a hard rule of the program asks for."""

    en = "The program {code} no longer fits this family: {why}."
    id = "Program {code} tidak lagi cocok bagi keluarga ini: {why_id}."
