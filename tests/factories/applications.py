"""The four applications with their routes."""

import importlib
from functools import cache

from fastapi import FastAPI

from shared.settings import Settings

SERVICES = ("registry", "caseload", "graduation", "referral")


@cache
def application(service: str) -> FastAPI:
    """The service's application as development runs it, with every route that there is."""
    module = importlib.import_module(f"services.{service}.app")
    app: FastAPI = module.build(Settings.load_for(service, mode="development"))
    return app
