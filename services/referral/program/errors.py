from shared.errors import DomainError, InvalidInput
from shared.remedies import CORRECT_REQUEST, value_from
from shared.roles import MINISTRY


class ProgramOfAnotherPartner(DomainError):
    """409: the code is the code of another partner's program."""

    en = "The program {code} belongs to another partner. Choose another code."
    id = "Program {code} milik mitra lain. Pilih kode lain."
    more_params = ("partner_id",)
    remedy = CORRECT_REQUEST


class InvalidRule(InvalidInput):
    """422: the operator or the value of a rule does not fit its field."""

    en = (
        "Rule {number}: {field} cannot be compared with {op} to this value. Change the operator or the value."
    )
    id = "Aturan {number}: {field} tidak dapat dibandingkan dengan {op} terhadap nilai ini. Ubah operator atau nilainya."
    remedy = CORRECT_REQUEST


class ProgramUnknown(InvalidInput):
    """422: no program has this code."""

    en = "There is no program with the code {code}. Use the code of a published program."
    id = "Tidak ada program dengan kode {code}. Gunakan kode program yang sudah diterbitkan."
    remedy = value_from("list_programs", MINISTRY)
