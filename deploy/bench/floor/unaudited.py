"""Caseload's API whose reads write no audit entry: the floor of the figure `audit`."""

from __future__ import annotations

import importlib
import os
from dataclasses import replace

from shared.http import serve
from shared.http.openapi import routes_of
from shared.settings import Settings


def main() -> None:
    # By name, because the bench imports no service.
    app = importlib.import_module("services.caseload.app").build(Settings.load_for("caseload"))
    for route in routes_of(app):
        route.disclosure = replace(route.disclosure, personal=False)
    serve(app, host="127.0.0.1", port=int(os.environ["PILAR_PORT"]))


if __name__ == "__main__":
    main()
