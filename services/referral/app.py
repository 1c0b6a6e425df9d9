"""Referral's API: who takes over after bansos, and did it help."""

import os

from fastapi import FastAPI

from services.referral import metrics
from services.referral.answer import routes as answer
from services.referral.offer import routes as offer
from services.referral.outcome.routes import outcomes, overdue, rule_versions
from services.referral.partner import routes as partner
from services.referral.partner.commands import address
from services.referral.place import routes as place
from services.referral.publication import openapi
from services.referral.publication.routes import inbox, partners, programs
from services.referral.worklist.routes import programs as rujukan_programs
from services.referral.worklist.routes import rujukan
from shared import telemetry
from shared.http import create_app, serve
from shared.settings import Settings

PORT = 8104
ROUTERS = [
    partners.partners,
    programs.programs,
    place.places,
    offer.next_bests,
    partners.offices,
    offer.offers,
    rule_versions.consent_texts,
    rujukan.rujukan,
    rujukan_programs.rujukan_programs,
    answer.answers,
    outcomes.answers,
    inbox.inbox,
    partner.breakers,
    rule_versions.outcome_rules,
    overdue.sla_terms,
    overdue.escalations,
    rujukan.numbers,
]
DESCRIPTION = (
    "Who takes over after bansos, and did it help: partners, programs, consent, rujukan, delivery, outcome."
)


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
