"""HTTP in and out of referral, by noun."""

from services.referral.routes.catalogue import offices, partners, programs
from services.referral.routes.numbers import numbers
from services.referral.routes.offers import consent_texts, offers
from services.referral.routes.partner_side import answers
from services.referral.routes.places import places
from services.referral.routes.rujukan import rujukan, rujukan_programs

ROUTERS = [
    partners,
    programs,
    places,
    offices,
    offers,
    consent_texts,
    rujukan,
    rujukan_programs,
    answers,
    numbers,
]
