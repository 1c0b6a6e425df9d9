"""API of referral: partners, programs, consent, rujukan, delivery and outcome."""

import os

from fastapi import FastAPI

from services.referral import metrics
from services.referral.answer import routes as answer
from services.referral.consent import routes as consent
from services.referral.correction import routes as correction
from services.referral.deadline import routes as deadline
from services.referral.offer import routes as offer
from services.referral.outcome.routes import outcome_rules, outcomes
from services.referral.partner import routes as partner
from services.referral.partner.commands import address
from services.referral.place import routes as place
from services.referral.publication import openapi
from services.referral.publication.routes import inbox, partners, programs, webhook
from services.referral.rujukan import routes as rujukan
from services.referral.supply import routes as supply
from services.referral.version import routes as version
from services.referral.worklist import routes as worklist
from shared import telemetry
from shared.access import Permission
from shared.http import create_app, serve
from shared.http.evidence import evidence_router
from shared.http.files import file_router
from shared.settings import Settings

PORT = 8104
ROUTERS = [
    partners.partners,
    programs.programs,
    place.places,
    offer.next_bests,
    partners.offices,
    offer.offers,
    consent.consent_texts,
    worklist.rujukan,
    rujukan.rujukan,
    worklist.rujukan_programs,
    rujukan.rujukan_programs,
    offer.renewals,
    consent.consents,
    answer.answers,
    correction.corrections,
    supply.supplies,
    outcomes.answers,
    inbox.inbox,
    webhook.webhook,
    partner.breakers,
    outcome_rules.outcome_rules,
    deadline.sla_terms,
    version.versions,
    deadline.escalations,
    worklist.numbers,
    evidence_router(),
    file_router(Permission.RUJUKAN_READ),
]
DESCRIPTION = "Support by partners after bansos, and its outcome: partners, programs, consent, rujukan, delivery, outcome."


def build(settings: Settings) -> FastAPI:
    """Build the application."""
    telemetry.measures[metrics.SERVICE] = [metrics.measure_breakers]
    address.configure(settings)
    app = create_app(settings, ROUTERS, title="Pilar referral", description=DESCRIPTION)
    app.state.publish = openapi.publish
    return app


if __name__ == "__main__":
    host, port = os.environ.get("PILAR_HOST", "127.0.0.1"), int(os.environ.get("PILAR_PORT", PORT))
    serve(build(Settings.load_for("referral")), host=host, port=port)
