"""CORS allows the listed origins, and in development also pages of this machine."""

from typing import Any

import httpx
import pytest

from services.registry.app import build
from tests.factories.applications import SERVICES, application
from tests.factories.cluster import Cluster

FRONTEND = "https://frontend.example"


async def preflight(
    cluster: Cluster,
    origins: list[str],
    origin: str = FRONTEND,
    names: str = "idempotency-key",
    **settings: Any,
) -> httpx.Response:
    await cluster.template("registry")
    app = build(cluster.settings("registry", "pilar_registry", cors_origins=origins, **settings))
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": names,
    }
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://r") as client,
    ):
        return await client.options("/v1/pendamping", headers=headers)


async def test_no_origin_is_allowed_by_default(cluster: Cluster) -> None:
    assert "access-control-allow-origin" not in (await preflight(cluster, [])).headers


async def test_only_listed_origins_are_allowed(cluster: Cluster) -> None:
    answer = await preflight(cluster, [FRONTEND])
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == FRONTEND
    other = await preflight(cluster, ["https://elsewhere.example"])
    assert "access-control-allow-origin" not in other.headers


async def test_every_header_of_the_contract_is_allowed(cluster: Cluster) -> None:
    names = {
        parameter["name"]
        for service in SERVICES
        for path in application(service).openapi()["paths"].values()
        for operation in path.values()
        for parameter in operation.get("parameters", ())
        if parameter["in"] == "header"
    }
    assert {"X-Purpose", "If-Match", "Upload-Offset"} <= names
    answer = await preflight(cluster, [FRONTEND], names=", ".join(sorted(names)))
    assert (answer.status_code, answer.text) == (200, "OK")


@pytest.mark.parametrize("origin", ["http://localhost:5173", "http://127.0.0.1:3000", "http://localhost"])
async def test_local_origins_are_allowed_only_in_development(cluster: Cluster, origin: str) -> None:
    answer = await preflight(cluster, [], origin)
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, origin)
    production = {"mode": "production", "issuer": "https://issuer.example", "webhook_loopback": False}
    for origins in ([], [FRONTEND]):
        answer = await preflight(cluster, origins, origin, **production)
        assert "access-control-allow-origin" not in answer.headers
