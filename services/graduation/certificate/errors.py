from shared.errors import DomainError


class CertificateMistyped(DomainError):
    """422: the check sign does not fit: somebody slipped while typing, or made the number up."""

    status = 422
    en = "This is not the number of a certificate: its last sign does not fit the others. Compare it with the paper."
    id = (
        "Ini bukan nomor piagam: tanda terakhirnya tidak cocok dengan yang lain. Bandingkan dengan piagamnya."
    )
