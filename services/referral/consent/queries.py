"""In which order texts of consent are listed."""

from services.referral.consent.models import ConsentText

CONSENT_TEXT_ORDER = (ConsentText.version,)
