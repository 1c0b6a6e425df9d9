from shared.errors import DomainError, InvalidInput
from shared.remedies import ALREADY_DONE, nothing, value_from
from shared.roles import FIELD


class ConsentTextUnknown(InvalidInput):
    """422: another text of consent was in force on that day, or none."""

    en = "On that day the consent text in force was not version {version}; read the family the one that was."
    id = "Pada hari itu naskah persetujuan yang berlaku bukan versi {version}; bacakan naskah yang berlaku kepada keluarga."
    remedy = value_from("list_consent_texts", FIELD)


class ConsentAlreadyGiven(DomainError):
    """409: the family has consented to this offer."""

    en = "Consent to this offer has already been recorded. Nothing more is needed."
    id = "Persetujuan atas penawaran ini sudah dicatat. Tidak perlu apa-apa lagi."
    remedy = ALREADY_DONE


class ConsentMissing(DomainError):
    """409: there is no consent to withdraw."""

    en = "There is no consent in force for this program. Nothing needs to be withdrawn."
    id = "Tidak ada persetujuan yang berlaku untuk program ini. Tidak ada yang perlu dicabut."
    remedy = nothing("There is no consent to withdraw.", "Tidak ada persetujuan untuk dicabut.")


class ConsentEnded(DomainError):
    """409: the consent was withdrawn or has lapsed, so nothing more is shared or reopened."""

    en = "The consent to this program has ended. No more data are shared, and the offer stays as it is. Nothing more is needed."
    id = "Persetujuan untuk program ini sudah berakhir. Tidak ada lagi data yang dibagikan dan penawaran tetap seperti adanya. Tidak perlu apa-apa lagi."
    remedy = nothing("The consent has ended.", "Persetujuan sudah berakhir.")
