from shared.errors import DomainError, InvalidInput
from shared.remedies import ALREADY_DONE, CORRECT_REQUEST


class ReasonCodeNeeded(InvalidInput):
    """422: DITOLAK needs a reason code, and only DITOLAK takes one (docs/api-partner.md#answers)."""

    en = "DITOLAK needs a reason code, and no other answer takes one."
    id = "DITOLAK harus disertai kode alasan, dan jawaban lain tidak memakainya."
    remedy = CORRECT_REQUEST


class AnswerIdReused(DomainError):
    """409: the partner used the same answer_id for another answer."""

    en = "The answer_id {answer_id} was used before for another answer. Use a new one."
    id = "answer_id {answer_id} sudah dipakai untuk jawaban lain. Gunakan yang baru."
    remedy = CORRECT_REQUEST


class DeliveryAlreadyRecorded(DomainError):
    """409: the aid was delivered before, with another delivery_id or other facts."""

    en = "The delivery of this aid has already been recorded. Nothing more is needed."
    id = "Penyaluran bantuan ini sudah dicatat. Tidak perlu apa-apa lagi."
    remedy = ALREADY_DONE


class AmountOutsideProgram(InvalidInput):
    """422: the amount is more than the program gives."""

    en = "The program gives at most Rp{most}. Enter that amount or less."
    id = "Program ini memberi paling banyak Rp{most}. Isi jumlah itu atau kurang."
    remedy = CORRECT_REQUEST
