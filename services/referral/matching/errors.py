from shared.errors import DomainError
from shared.remedies import value_from
from shared.roles import FIELD


class ProgramNoLongerFits(DomainError):
    """409: a hard rule of the program fails since the draft."""

    en = "The program {code} no longer fits this family: {why}. Offer another program (GET /v1/offer)."
    id = "Program {code} tidak lagi cocok bagi keluarga ini: {why}. Tawarkan program lain (GET /v1/offer)."
    remedy = value_from("list_offers", FIELD)
