"""Refusals of who signs a consent."""

from shared.errors import DomainError, InvalidInput
from shared.remedies import CORRECT_REQUEST


class PersonHasLeft(DomainError):
    """409: a person who is named in the consent died or left the family."""

    en = "A person named in this consent has died or left the family. Ask the present members for their consent, and name them."
    id = "Orang yang disebut dalam persetujuan ini telah meninggal atau keluar dari keluarga. Mintalah persetujuan anggota yang sekarang, lalu sebutkan mereka."
    remedy = CORRECT_REQUEST


class SignerUnknown(InvalidInput):
    """422: the signer is neither the pengurus nor the owner of the business."""

    en = "The pengurus or the owner of the business signs for the family; name one of them."
    id = "Yang menandatangani atas nama keluarga adalah pengurus atau pemilik usaha; sebutkan salah satunya."
    remedy = CORRECT_REQUEST


class SignatureMissing(DomainError):
    """409: a person whose identity is shared has not signed."""

    en = (
        "This consent needs the signatures of {who}. Name all who signed in signed_by."
        " The pengurus, or the adult named in guardian_id, signs for a minor."
    )
    id = (
        "Persetujuan ini memerlukan tanda tangan {who}. Sebutkan semua penanda tangan dalam signed_by."
        " Bagi anak di bawah umur yang menandatangani adalah pengurus atau orang dewasa dalam guardian_id."
    )
    listed = "who"
    remedy = CORRECT_REQUEST
