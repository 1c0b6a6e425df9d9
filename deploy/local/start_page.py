"""The start page of a one-machine deployment: services, counts, demo tokens, next steps.

It queries the services over HTTP with an operator's token, and loads nothing from outside.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from deploy.local.data_folder import DataFolder, State, shown
from deploy.local.issuer import DEMO_ROLES, NEEDS_ID, DevelopmentIssuer
from deploy.services import SERVICES
from shared.server import make_config
from shared.settings import LOCAL_ORIGIN

PAGE = Path(__file__).parent / "page"
# No foreign page may read or embed this one.
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'; form-action 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
GAUGE = re.compile(
    r"^pilar_(unsent_events|parked_events|subscription_lag_events)\{([^}]*)\} (\S+)$", re.MULTILINE
)
TIMEOUT_SECONDS = 2.0


class StartPage:
    """The start page's routes for one data folder."""

    def __init__(self, data_folder: DataFolder) -> None:
        self.data_folder = data_folder
        self.issuer = DevelopmentIssuer(data_folder.issuer, "development")
        self.client = httpx.AsyncClient(timeout=TIMEOUT_SECONDS, trust_env=False)

    def application(self) -> Starlette:
        app = Starlette(
            routes=[
                Route("/", self.file("index.html")),
                Route("/page.css", self.file("page.css")),
                Route("/page.js", self.file("page.js")),
                Route("/livez", self.livez),
                Route("/about", self.about),
                Route("/live", self.live),
                Route("/tokens/{name}", self.token, methods=["POST"]),
            ],
            # Against DNS rebinding: a foreign host name for this address must not read the tokens.
            middleware=[
                Middleware(
                    TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"], www_redirect=False
                ),
                # A frontend in development on this machine gets its tokens here.
                Middleware(CORSMiddleware, allow_origin_regex=LOCAL_ORIGIN, allow_methods=["GET", "POST"]),
            ],
        )
        app.router.redirect_slashes = False
        return app

    def file(self, name: str) -> Any:
        async def answer(_request: Request) -> Response:
            return FileResponse(PAGE / name, headers=HEADERS)

        return answer

    async def livez(self, _request: Request) -> Response:
        return JSONResponse({"status": "alive"}, headers=HEADERS)

    async def about(self, _request: Request) -> Response:
        state = self.state()
        tokens = [
            {
                "name": name,
                "role": account.role,
                "areas": ", ".join(account.areas),
                "partner": self.partner_of(name),
                "ready": self.claims(name) is not None,
            }
            for name, account in DEMO_ROLES.items()
        ]
        body = {
            "transport": state.transport,
            "docs": {name: f"{state.url(name)}/docs" for name in SERVICES},
            "tokens": tokens,
            "folder": shown(self.data_folder.folder),
            "logs": shown(self.data_folder.logs),
        }
        return JSONResponse(body, headers=HEADERS)

    async def live(self, _request: Request) -> Response:
        """Return each service's counts and queue depths. A service that does not answer is down."""
        state = self.state()
        queries = [self.service(state, name) for name in SERVICES]
        answers, depths = await asyncio.gather(asyncio.gather(*queries), self.depths(state))
        services = {name: {**answer, **depths[name]} for name, answer in zip(SERVICES, answers, strict=True)}
        return JSONResponse({"services": services}, headers=HEADERS)

    async def token(self, request: Request) -> Response:
        name = request.path_params["name"]
        claims = self.claims(name) if name in DEMO_ROLES else None
        if claims is None:
            return PlainTextResponse("There is no such token yet.", 404, headers=HEADERS)
        return PlainTextResponse(self.issuer.demo_token(name, **claims), headers=HEADERS)

    def state(self) -> State:
        state = self.data_folder.read()
        if state is None:
            message = f"{self.data_folder.folder} has no state file of a running deployment"
            raise RuntimeError(message)
        return state

    def claims(self, name: str) -> dict[str, str] | None:
        """Return the ids of an account, or None if they are not assigned yet."""
        return self.data_folder.people().get(name, None if name in NEEDS_ID else {})

    def partner_of(self, name: str) -> str | None:
        """Return the code of the partner whose account it is."""
        codes = {
            ids["partner_id"]: code
            for code, ids in self.data_folder.people().items()
            if "partner_id" in ids and code not in DEMO_ROLES
        }
        return codes.get((self.claims(name) or {}).get("partner_id", ""))

    async def service(self, state: State, name: str) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.issuer.demo_token('operator-1', ttl=60)}"}
        url = state.url(name)
        try:
            numbers = await self.client.post(f"{url}/v1/numbers", json={}, headers=headers)
            clock = await self.client.get(f"{url}/v1/clock", headers=headers)
        except httpx.HTTPError:
            return {"up": False}
        counts = numbers.json() if numbers.is_success else {}
        today = clock.json().get("today") if clock.is_success else None
        return {"up": True, "today": today, "numbers": counts}

    async def depths(self, state: State) -> dict[str, dict[str, int | None]]:
        """Return unsent and parked events of each database, and the lag of each worker."""
        kafka = state.transport == "kafka"
        of_apis = [f"{name}-metrics" for name in SERVICES]
        sources = [*of_apis, *(f"{name}-worker" if kafka else "delivery" for name in SERVICES)]
        pages = await asyncio.gather(*(self.gauges(state.url(name)) for name in sources))
        of_api = dict(zip(SERVICES, pages, strict=False))
        of_worker = dict(zip(SERVICES, pages[len(SERVICES) :], strict=True))
        return {
            name: {
                "unsent": of_api[name]["unsent_events", name],
                "parked": of_api[name]["parked_events", name],
                "lag": of_worker[name]["subscription_lag_events", name] if of_worker[name] else None,
            }
            for name in SERVICES
        }

    async def gauges(self, url: str) -> Counter[tuple[str, str]]:
        total: Counter[tuple[str, str]] = Counter()
        try:
            page = await self.client.get(f"{url}/metrics")
        except httpx.HTTPError:
            return total
        for metric, labels, value in GAUGE.findall(page.text):
            if service := re.search(r'service="([^"]*)"', labels):
                total[metric, service[1]] += int(float(value))
        return total


def main() -> None:
    page = StartPage(DataFolder.of(os.environ["PILAR_FOLDER"]))
    host, port = os.environ["PILAR_HOST"], int(os.environ["PILAR_PORT"])
    config = make_config(page.application(), host=host, port=port, timeout_graceful_shutdown=1)
    uvicorn.Server(config).run()


if __name__ == "__main__":
    main()
