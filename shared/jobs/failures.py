"""The sentences of a failed job: why it ended, and what to do."""

from shared.errors import DomainError
from shared.remedies import CORRECT_REQUEST, WAIT
from shared.words import Words


class WorkRefused(DomainError):
    """The reason of a FAILED job whose step was refused, as a request would be."""

    en = "{why} What was done before stays. Correct this, then request the rest again."
    id = "{why} Yang sudah dikerjakan tetap berlaku. Perbaiki hal ini, lalu minta kembali sisanya."
    remedy = CORRECT_REQUEST


class WorkStopped(DomainError):
    """The reason of a FAILED job whose step failed for no fault of its input."""

    en = (
        "The work stopped after {tries} tries by a fault of the system ({error}). What was done before stays. Request"
        " the rest again; if it stops once more, give this job's number to the operator."
    )
    id = (
        "Pekerjaan berhenti setelah {tries} kali dicoba karena gangguan sistem ({error}). Yang sudah dikerjakan tetap"
        " berlaku. Minta kembali sisanya; bila berhenti lagi, sampaikan nomor pekerjaan ini kepada operator."
    )
    remedy = WAIT


class TooManyRefusals(DomainError):
    """The reason of a FAILED job with too many refused rows."""

    en = (
        "The work stopped after {limit} refusals. What was done before stays. Correct the refused rows that are listed"
        " and look for the same fault in the others; then request the rest again."
    )
    id = (
        "Pekerjaan berhenti setelah {limit} penolakan. Yang sudah dikerjakan tetap berlaku. Perbaiki baris tertolak yang"
        " tercantum, periksa kesalahan yang sama pada baris lain, lalu minta kembali sisanya."
    )
    remedy = CORRECT_REQUEST


def failure_words(error: Exception | str, tries: int) -> Words:
    """Return the sentences of a failed job.

    Of an internal fault only the class is named, never the text.
    """
    if isinstance(error, TooManyRefusals):
        refusal: DomainError = error
    elif isinstance(error, DomainError):
        refusal = WorkRefused(why=to_words(error))
    else:
        refusal = WorkStopped(tries=tries, error=error if isinstance(error, str) else type(error).__name__)
    return to_words(refusal)


def to_words(refusal: DomainError) -> Words:
    """Return a refusal's sentences in both languages."""
    return Words(refusal.sentence("en"), refusal.sentence("id"))


def as_sentences(words: Words) -> dict[str, str]:
    """Return the sentences as they are stored and shown."""
    return {"en": str(words), "id": words.id}
