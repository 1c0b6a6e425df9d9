"""Referral's API process."""

import os

from fastapi import FastAPI

from services.referral import measures, webhook_address, webhook_contract
from services.referral.routes import ROUTERS
from shared import telemetry
from shared.http import create_app, serve
from shared.settings import Settings

DESCRIPTION = (
    "Who takes over after bansos, and did it help: partners, programs, consent, rujukan, delivery, outcome."
)


def build(settings: Settings) -> FastAPI:
    """Build the application."""
    telemetry.measures[measures.SERVICE] = [measures.measure_breakers]
    webhook_address.configure(settings)
    app = create_app(settings, ROUTERS, title="Pilar referral", description=DESCRIPTION)
    app.state.publish = webhook_contract.publish
    return app


if __name__ == "__main__":
    host, port = os.environ.get("PILAR_HOST", "127.0.0.1"), int(os.environ.get("PILAR_PORT", "8104"))
    serve(build(Settings.load_for("referral")), host=host, port=port)
