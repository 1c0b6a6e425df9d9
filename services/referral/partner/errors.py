from shared.errors import DomainError, InvalidInput
from shared.remedies import CORRECT_REQUEST


class PartnerCodeTaken(DomainError):
    """409: another partner has this code."""

    en = "There is already a partner with the code {code}. Choose another code."
    id = "Sudah ada mitra dengan kode {code}. Pilih kode lain."
    remedy = CORRECT_REQUEST


class AddressRefused(InvalidInput):
    """422: a webhook address must be https and public, without a password."""

    en = "This webhook address cannot be used: {reason}. Give a public https address."
    id = "Alamat webhook ini tidak dapat dipakai: {reason_id}. Isi alamat https yang publik."
    remedy = CORRECT_REQUEST


class WebhookNeeded(InvalidInput):
    """422: a partner on this channel is called by webhook, and no address is given."""

    en = "A partner on the channel {channel} needs a webhook address."
    id = "Mitra dengan kanal {channel} memerlukan alamat webhook."
    remedy = CORRECT_REQUEST
