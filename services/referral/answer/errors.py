from shared.errors import DomainError, InvalidInput
from shared.remedies import CORRECT_REQUEST, operation
from shared.roles import PARTNERS


class ReasonCodeNeeded(InvalidInput):
    """422: a refusal needs a reason code (docs/api-partner.md#answers)."""

    en = "The answer {status} needs a reason code. Add a reason_code."
    id = "Jawaban {status} harus disertai kode alasan. Tambahkan reason_code."
    remedy = CORRECT_REQUEST


class ReasonCodeNotAllowed(InvalidInput):
    """422: only a refusal has a reason code (docs/api-partner.md#answers)."""

    en = "The answer {status} takes no reason code. Leave out the reason_code {reason_code}, or answer DITOLAK."
    id = "Jawaban {status} tidak memakai kode alasan. Hapus reason_code {reason_code}, atau jawab DITOLAK."
    remedy = CORRECT_REQUEST


class ReasonTextNeeded(InvalidInput):
    """422: the pendamping must know what to supply (docs/api-partner.md#answers)."""

    en = "The answer {status} needs words. Write in reason_text what the pendamping should supply."
    id = "Jawaban {status} harus disertai keterangan. Tulis dalam reason_text apa yang perlu dilengkapi pendamping."
    remedy = CORRECT_REQUEST


class AnswerIdReused(DomainError):
    """409: the partner used the same answer_id for another answer."""

    en = "The answer_id {answer_id} was used before for another answer. Use a new one."
    id = "answer_id {answer_id} sudah dipakai untuk jawaban lain. Gunakan yang baru."
    remedy = CORRECT_REQUEST


class CorrectionNeeded(DomainError):
    """409: the answer contradicts the recorded one, and can only replace it as a correction."""

    en = (
        "The recorded answer is {current} and differs from this one. If it was wrong, correct it with a reason"
        " (POST /v1/rujukan-program/{{id}}/answer-correction)."
    )
    id = (
        "Jawaban yang tercatat adalah {current} dan berbeda dari jawaban ini. Bila keliru, perbaiki disertai alasan"
        " (POST /v1/rujukan-program/{{id}}/answer-correction)."
    )
    remedy = operation("correct_answer", PARTNERS)


class DeliveryAlreadyRecorded(DomainError):
    """409: the aid was delivered before, with another delivery_id or other facts."""

    en = (
        "The delivery of this aid has already been recorded. If its amount or date is wrong, correct it"
        " (POST /v1/rujukan-program/{{id}}/delivery-correction)."
    )
    id = (
        "Penyaluran bantuan ini sudah dicatat. Bila nilai atau tanggalnya keliru, perbaiki"
        " (POST /v1/rujukan-program/{{id}}/delivery-correction)."
    )
    more_params = ("delivery_id",)
    remedy = operation("correct_delivery", PARTNERS)


class AmountOutsideProgram(InvalidInput):
    """422: the amount is more than the program gives."""

    en = "The program gives at most Rp{most}. Enter that amount or less."
    id = "Program ini memberi paling banyak Rp{most}. Isi jumlah itu atau kurang."
    remedy = CORRECT_REQUEST


class DeliveryVoided(DomainError):
    """409: the delivery with this delivery_id was voided."""

    en = "The delivery {delivery_id} was voided. If aid has reached the family after all, record it under a new delivery_id."
    id = "Penyaluran {delivery_id} sudah dibatalkan. Bila bantuan memang sudah diterima keluarga, catat dengan delivery_id baru."
    remedy = CORRECT_REQUEST
