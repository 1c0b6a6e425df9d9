from shared.errors import DomainError, InvalidInput
from shared.remedies import CORRECT_REQUEST, operation
from shared.roles import MINISTRY, PARTNERS


class PartnerCodeTaken(DomainError):
    """409: another partner has this code."""

    en = "There is already a partner with the code {code}. Choose another code."
    id = "Sudah ada mitra dengan kode {code}. Pilih kode lain."
    more_params = ("partner_id",)
    remedy = CORRECT_REQUEST


class AddressRefused(InvalidInput):
    """422: a webhook address must be https and public, without a password."""

    en = "This webhook address cannot be used: {reason}. Give a public https address."
    id = "Alamat webhook ini tidak dapat dipakai: {reason}. Isi alamat https yang publik."
    remedy = CORRECT_REQUEST


class WebhookNeeded(InvalidInput):
    """422: a partner on this channel is called by webhook, and no address is given."""

    en = "A partner on the channel {channel} needs a webhook address."
    id = "Mitra dengan kanal {channel} memerlukan alamat webhook."
    remedy = CORRECT_REQUEST


class WebhookMissing(DomainError):
    """409: the partner has no webhook, so it has no secret."""

    en = "Your organisation has no webhook, so there is no secret. Ask Kemensos to set an address."
    id = "Lembaga Anda tidak memiliki webhook, sehingga tidak ada kunci rahasia. Minta Kemensos mengisi alamatnya."
    remedy = operation("change_webhook", MINISTRY)


class OneSecretOnly(DomainError):
    """409: only one secret is valid, and it cannot end."""

    en = "Only one webhook secret is valid, and it cannot end. Make a new secret first."
    id = "Hanya satu kunci rahasia webhook yang berlaku, dan kunci itu tidak dapat diakhiri. Buat kunci baru dahulu."
    remedy = operation("rotate_webhook_secret", PARTNERS)
