"""HTTP in and out of referral, by noun."""

from services.referral.routes.breakers import breakers
from services.referral.routes.catalogue import offices, partners, programs
from services.referral.routes.inbox import inbox
from services.referral.routes.next_best import next_bests
from services.referral.routes.numbers import numbers
from services.referral.routes.offers import offers
from services.referral.routes.overdue import escalations, sla_terms
from services.referral.routes.partner_side import answers
from services.referral.routes.places import places
from services.referral.routes.rujukan import rujukan, rujukan_programs
from services.referral.routes.rule_versions import consent_texts, outcome_rules

ROUTERS = [
    partners,
    programs,
    places,
    next_bests,
    offices,
    offers,
    consent_texts,
    rujukan,
    rujukan_programs,
    answers,
    inbox,
    breakers,
    outcome_rules,
    sla_terms,
    escalations,
    numbers,
]
