"""Order of the list of texts of consent."""

from services.referral.consent.models import ConsentText

CONSENT_TEXT_ORDER = (ConsentText.version,)
