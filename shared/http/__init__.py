"""HTTP in and out: the only part of Pilar that knows FastAPI."""

from shared.http.application import create_app
from shared.http.paging import PageRequest, Paging
from shared.http.route import (
    CurrentActor,
    IfMatch,
    Route,
    Router,
    Session,
    expect_version,
    may,
    open_to_anybody,
)
from shared.http.serving import serve

__all__ = [
    "CurrentActor",
    "IfMatch",
    "PageRequest",
    "Paging",
    "Route",
    "Router",
    "Session",
    "create_app",
    "expect_version",
    "may",
    "open_to_anybody",
    "serve",
]
