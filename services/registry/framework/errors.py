from shared.errors import DomainError


class TargetJustSet(DomainError):
    """409: two set the same year's target at once; the other one won."""

    en = "Somebody has set this target in the same moment. Read it and decide anew."
    id = "Target ini baru saja ditetapkan orang lain. Baca lagi lalu putuskan kembali."
