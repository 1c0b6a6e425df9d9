"""Caseload's API process."""

import os

from fastapi import FastAPI

from services.caseload.routes import ROUTERS
from shared.http import create_app, serve
from shared.settings import Settings

PORT = 8102
DESCRIPTION = (
    "Whom, and what was done: families, their memberships, usaha and dampingan, home visits, intake."
)


def build(settings: Settings) -> FastAPI:
    """Build the application."""
    return create_app(settings, ROUTERS, title="Pilar caseload", description=DESCRIPTION)


if __name__ == "__main__":
    host, port = os.environ.get("PILAR_HOST", "127.0.0.1"), int(os.environ.get("PILAR_PORT", PORT))
    serve(build(Settings.load_for("caseload")), host=host, port=port)
