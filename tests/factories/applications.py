"""The four applications with their routes."""

import importlib
from functools import cache

from fastapi import FastAPI

from shared.settings import Settings

SERVICES = ("registry", "caseload", "graduation", "referral")


@cache
def application(service: str) -> FastAPI:
    """Return the service's application in development mode, with all routes."""
    module = importlib.import_module(f"services.{service}.app")
    app: FastAPI = module.build(Settings.load_for(service, mode="development"))
    return app
