"""Registry's API: who accompanies families, on what terms, where, and how well."""

import os

from fastapi import FastAPI

from services.registry.routes import ROUTERS
from shared.http import create_app, serve
from shared.settings import Settings

PORT = 8101


def build(settings: Settings) -> FastAPI:
    """Return the application of a process."""
    return create_app(
        settings,
        ROUTERS,
        title="Pilar registry",
        description="Who accompanies families, on what terms, where, and how well.",
    )


if __name__ == "__main__":
    host, port = os.environ.get("PILAR_HOST", "127.0.0.1"), int(os.environ.get("PILAR_PORT", PORT))
    serve(build(Settings.load_for("registry")), host=host, port=port)
