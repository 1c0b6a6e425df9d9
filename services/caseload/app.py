"""API of caseload: families, their pendamping, and the work done for them."""

import os
from functools import partial

from fastapi import FastAPI

from services.caseload.activity import routes as activity
from services.caseload.application import routes as application
from services.caseload.approval import routes as approval
from services.caseload.approval.commands import FORM
from services.caseload.business import routes as business
from services.caseload.dampingan.routes import dampingan, gap, limits
from services.caseload.emergency_access import routes as emergency_access
from services.caseload.exit_proposal import routes as exit_proposal
from services.caseload.family import routes as family
from services.caseload.hand_over import routes as hand_over
from services.caseload.intake import routes as intake
from services.caseload.member import routes as member
from services.caseload.membership import routes as membership
from services.caseload.overview.routes import families, overview
from services.caseload.relocation import routes as relocation
from services.caseload.task import routes as task
from shared.access import Permission
from shared.http import create_app, serve
from shared.http.approvals import publish_bodies
from shared.http.evidence import evidence_router
from shared.http.files import file_router
from shared.settings import Settings

PORT = 8102
ROUTERS = [
    intake.intake,
    families.families,
    overview.overview,
    family.komponen,
    member.members,
    relocation.moves,
    family.desil,
    family.contact,
    business.usaha,
    membership.memberships,
    exit_proposal.exit_proposals,
    application.usulan,
    dampingan.dampingan,
    gap.coverage,
    hand_over.hand_over,
    limits.limits,
    activity.kunjungan,
    activity.p2k2,
    task.tugas,
    membership.numbers,
    emergency_access.router,
    approval.router,
    evidence_router(),
    file_router(Permission.KPM_READ),
]
DESCRIPTION = (
    "Families with their memberships, usaha and dampingan; home visits, P2K2 sessions, intake and hand-over."
)


def build(settings: Settings) -> FastAPI:
    """Build the application with all routers of caseload."""
    app = create_app(settings, ROUTERS, title="Pilar caseload", description=DESCRIPTION)
    app.state.publish = partial(publish_bodies, FORM)
    return app


if __name__ == "__main__":
    host, port = os.environ.get("PILAR_HOST", "127.0.0.1"), int(os.environ.get("PILAR_PORT", PORT))
    serve(build(Settings.load_for("caseload")), host=host, port=port)
