from shared.errors import DomainError


class RujukanNotOpen(DomainError):
    """409: the rujukan of the family has ended."""

    en = "This rujukan is {state}; nothing more can be started in it."
    id = "Rujukan ini sudah {state}; tidak ada yang dapat dimulai lagi."
