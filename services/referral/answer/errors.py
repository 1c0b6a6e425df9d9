from shared.errors import DomainError, InvalidInput


class ReasonCodeNeeded(InvalidInput):
    """422: DITOLAK needs a reason code, and only DITOLAK takes one (docs/api-partner.md#answers)."""

    en = "DITOLAK needs a reason code, and no other answer takes one."
    id = "DITOLAK harus disertai kode alasan, dan jawaban lain tidak memakainya."


class AnswerIdReused(DomainError):
    """409: the partner used the same answer_id for another answer."""

    en = "The answer_id {answer_id} was used before for another answer."
    id = "answer_id {answer_id} sudah dipakai untuk jawaban lain."


class DeliveryAlreadyRecorded(DomainError):
    """409: the aid was delivered before, with another delivery_id or other facts."""

    en = "The delivery of this aid has already been recorded."
    id = "Penyaluran bantuan ini sudah dicatat."


class AmountOutsideProgram(InvalidInput):
    """422: the amount is more than the program gives."""

    en = "The program gives at most Rp{most}."
    id = "Program ini memberi paling banyak Rp{most}."
