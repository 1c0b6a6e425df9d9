from shared.errors import DomainError, InvalidInput


class ConsentTextUnknown(InvalidInput):
    """422: another text of consent was in force on that day, or none."""

    en = "On that day the consent text in force was not version {version}; read the family the one that was."
    id = "Pada hari itu naskah persetujuan yang berlaku bukan versi {version}; bacakan naskah yang berlaku kepada keluarga."


class ConsentAlreadyGiven(DomainError):
    """409: the family consented to this program before."""

    en = "Consent for this program has already been recorded."
    id = "Persetujuan untuk program ini sudah dicatat."


class ConsentMissing(DomainError):
    """409: there is no consent to withdraw."""

    en = "There is no consent in force for this program."
    id = "Tidak ada persetujuan yang berlaku untuk program ini."
