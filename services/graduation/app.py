"""Graduation's API: may this family leave bansos, who decided, on what evidence."""

import os

from fastapi import FastAPI

from services.graduation.routes import ROUTERS
from shared.http import create_app, serve
from shared.settings import Settings

PORT = 8103


def build(settings: Settings) -> FastAPI:
    """Return the application of a process."""
    return create_app(
        settings,
        ROUTERS,
        title="Pilar graduation",
        description="May this family leave bansos, who decided, on what evidence, and did it hold.",
    )


if __name__ == "__main__":
    host, port = os.environ.get("PILAR_HOST", "127.0.0.1"), int(os.environ.get("PILAR_PORT", PORT))
    serve(build(Settings.load_for("graduation")), host=host, port=port)
