"""Refusals of corrections."""

from shared.errors import DomainError, InvalidInput
from shared.remedies import CORRECT_REQUEST, nothing, one_of, operation, to_call
from shared.roles import FIELD, PARTNERS


class CorrectionUnchanged(InvalidInput):
    """422: the correction has the recorded values."""

    en = "These values are recorded already. Send the values that differ."
    id = "Nilai ini sudah tercatat. Kirim nilai yang berbeda."
    remedy = CORRECT_REQUEST


class CorrectionTooLate(DomainError):
    """409: the days within which the values may be corrected have passed."""

    en = "This could be corrected until {until}, {days} days after it was recorded. Report the error to Kemensos in writing."
    id = "Ini dapat diperbaiki sampai {until}, {days} hari sesudah dicatat. Laporkan kekeliruannya secara tertulis kepada Kemensos."
    remedy = nothing("The days to correct it have passed.", "Hari untuk memperbaikinya sudah lewat.")


class AnswerNotCorrectable(DomainError):
    """409: the offer is not in a state that an answer gave."""

    en = "This rujukan is {state}; there is no answer to correct. Send a new answer or correct the delivery."
    id = "Rujukan ini berstatus {state}; tidak ada jawaban yang dapat diperbaiki. Kirim jawaban baru atau perbaiki penyalurannya."
    remedy = one_of(to_call("answer_rujukan", PARTNERS), to_call("correct_delivery", PARTNERS))


class OutcomeMissing(DomainError):
    """409: no outcome of this month was recorded."""

    en = "No outcome at {month} months has been recorded. Record it first (POST /v1/rujukan-program/{{id}}/outcome)."
    id = "Hasil pada bulan ke-{month} belum dicatat. Catat dahulu (POST /v1/rujukan-program/{{id}}/outcome)."
    remedy = operation("record_outcome", FIELD | PARTNERS)
