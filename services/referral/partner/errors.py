from shared.errors import DomainError, InvalidInput


class PartnerCodeTaken(DomainError):
    """409: another partner has this code."""

    en = "There is already a partner with the code {code}."
    id = "Sudah ada mitra dengan kode {code}."


class AddressRefused(InvalidInput):
    """422: a webhook address must be https and public, without a password."""

    en = "This webhook address cannot be used: {reason}."
    id = "Alamat webhook ini tidak dapat dipakai: {reason_id}."


class WebhookNeeded(InvalidInput):
    """422: a partner on this channel is called by webhook, and no address is given."""

    en = "A partner on the channel {channel} needs a webhook address."
    id = "Mitra dengan kanal {channel} memerlukan alamat webhook."
