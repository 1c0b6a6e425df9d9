"""HTTP in and out: the only package that imports FastAPI."""

from shared.http.application import create_app
from shared.http.declared import may, open_to_anybody
from shared.http.paging import Page, PageRequest, Paging
from shared.http.process import serve
from shared.http.route import CurrentActor, IfMatch, Route, Router, Session, expect_version

__all__ = [
    "CurrentActor",
    "IfMatch",
    "Page",
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
