"""The API of graduation: readiness assessments, graduation decisions and their monitoring."""

import os
from functools import partial

from fastapi import FastAPI

from services.graduation import metrics
from services.graduation.approval import routes as approval
from services.graduation.approval.commands import FORM
from services.graduation.assessment import routes as assessment
from services.graduation.candidate import routes as candidate
from services.graduation.case import routes as case
from services.graduation.certificate import routes as certificate
from services.graduation.decree import routes as decree
from services.graduation.exit_proposal import routes as exit_proposal
from services.graduation.monitoring import routes as monitoring
from services.graduation.monitoring.commands.results import continue_monitoring
from services.graduation.objection import routes as objection
from services.graduation.policy.routes import calendar, credit_rule, drafts, versions
from services.graduation.review import routes as review
from shared import telemetry
from shared.access import Permission
from shared.http import create_app, serve
from shared.http.approvals import publish_bodies
from shared.http.evidence import evidence_router
from shared.http.files import file_router
from shared.settings import Settings

PORT = 8103
ROUTERS = [
    versions.router,
    calendar.router,
    drafts.router,
    credit_rule.router,
    candidate.router,
    case.router,
    assessment.case,
    assessment.router,
    exit_proposal.router,
    review.router,
    decree.router,
    objection.router,
    monitoring.router,
    monitoring.cohort,
    certificate.router,
    approval.router,
    evidence_router(continue_monitoring),
    file_router(Permission.GRADUASI_READ),
]


def build(settings: Settings) -> FastAPI:
    """Build the application."""
    telemetry.measures[metrics.SERVICE] = [metrics.measure_tahap]
    app = create_app(
        settings,
        ROUTERS,
        title="Pilar graduation",
        description="Whether a family may leave bansos, who decided it, on what evidence, and how the family did after.",
    )
    app.state.publish = partial(publish_bodies, FORM)
    return app


if __name__ == "__main__":
    host, port = os.environ.get("PILAR_HOST", "127.0.0.1"), int(os.environ.get("PILAR_PORT", PORT))
    serve(build(Settings.load_for("graduation")), host=host, port=port)
