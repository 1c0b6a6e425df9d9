"""What a job that ended before its end tells whoever asked for it: why, and what to do."""

from shared.errors import DomainError, Words


class WorkRefused(DomainError):
    """What a FAILED job tells whose step was refused as a request would be."""

    en = "{why} What was done before stays. Put this right, then order the rest again."
    id = "{why} Yang sudah dikerjakan tetap berlaku. Perbaiki hal ini, lalu minta kembali sisanya."


class WorkStopped(DomainError):
    """What a FAILED job tells whose step failed for no reason that lies in what was asked."""

    en = (
        "The work stopped after {tries} tries by a fault of the system ({error}). What was done before stays. Order"
        " the rest again; if it stops once more, give this job's number to the operator."
    )
    id = (
        "Pekerjaan berhenti setelah {tries} kali dicoba karena gangguan sistem ({error}). Yang sudah dikerjakan tetap"
        " berlaku. Minta kembali sisanya; bila berhenti lagi, sampaikan nomor pekerjaan ini kepada operator."
    )


class TooManyRefusals(DomainError):
    """What a FAILED job tells when so much was refused that the input as a whole is wrong."""

    en = (
        "The work stopped after {limit} refusals. What was done before stays. Correct the refused rows that are listed"
        " and look for the same fault in the others; then order the rest again."
    )
    id = (
        "Pekerjaan berhenti setelah {limit} penolakan. Yang sudah dikerjakan tetap berlaku. Perbaiki baris tertolak yang"
        " tercantum, periksa kesalahan yang sama pada baris lain, lalu minta kembali sisanya."
    )


def why_it_ended(error: Exception | str, tries: int) -> Words:
    """Return the sentences of a job that failed; of a fault only its class is named, never its text."""
    if isinstance(error, TooManyRefusals):
        told: DomainError = error
    elif isinstance(error, DomainError):
        told = WorkRefused(why=spoken(error))
    else:
        told = WorkStopped(tries=tries, error=error if isinstance(error, str) else type(error).__name__)
    return spoken(told)


def spoken(refusal: DomainError) -> Words:
    """Return a refusal's sentences in both languages."""
    return Words(refusal.sentence("en"), refusal.sentence("id"))


def as_sentences(words: Words) -> dict[str, str]:
    """Return the sentences as they are kept and shown."""
    return {"en": str(words), "id": words.id}
