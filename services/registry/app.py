"""Registry's API: pendamping, their placements and areas, kinds, targets, scorecards and coverage."""

import os
from functools import partial

from fastapi import FastAPI

from services.registry.approval import routes as approval
from services.registry.approval.commands import FORM
from services.registry.coverage import routes as coverage
from services.registry.framework import routes as framework
from services.registry.kind import routes as kind
from services.registry.pendamping import routes as pendamping
from services.registry.placement import routes as placement
from services.registry.scorecard import routes as scorecard
from shared.access import Permission
from shared.http import create_app, serve
from shared.http.approvals import publish_bodies
from shared.http.evidence import evidence_router
from shared.http.files import file_router
from shared.settings import Settings

PORT = 8101
ROUTERS = [
    pendamping.router,
    placement.penugasan,
    placement.wilayah_tugas,
    placement.areas,
    kind.pilar_kind,
    kind.role_conflict,
    framework.target,
    scorecard.router,
    coverage.router,
    approval.router,
    evidence_router(),
    file_router(Permission.PENDAMPING_READ),
]


def build(settings: Settings) -> FastAPI:
    app = create_app(
        settings,
        ROUTERS,
        title="Pilar registry",
        description="Pendamping, their placements and areas, kinds, targets, scorecards and coverage.",
    )
    app.state.publish = partial(publish_bodies, FORM)
    return app


if __name__ == "__main__":
    host, port = os.environ.get("PILAR_HOST", "127.0.0.1"), int(os.environ.get("PILAR_PORT", PORT))
    serve(build(Settings.load_for("registry")), host=host, port=port)
