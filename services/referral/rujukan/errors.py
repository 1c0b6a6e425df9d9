from shared.errors import DomainError


class RujukanNotOpen(DomainError):
    """409: the case with referral has ended."""

    en = "This rujukan is {state}; nothing more is begun in it."
    id = "Rujukan ini sudah {state}; tidak ada yang dapat dimulai lagi."
