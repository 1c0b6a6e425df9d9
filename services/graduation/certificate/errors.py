from shared.errors import DomainError
from shared.remedies import CORRECT_REQUEST


class CertificateMistyped(DomainError):
    """422: the check character does not fit the number."""

    status = 422
    en = (
        "This is not the number of a certificate: its last character does not fit the others. Compare it with the"
        " certificate."
    )
    id = (
        "Ini bukan nomor piagam: tanda terakhirnya tidak cocok dengan yang lain. Bandingkan dengan piagamnya."
    )
    remedy = CORRECT_REQUEST
