"""CORS is a setting: nobody by default, and exactly those named otherwise."""

import httpx

from services.registry.app import build
from tests.cluster import Cluster

FRONTEND = "https://frontend.example"


async def preflight(cluster: Cluster, origins: list[str]) -> httpx.Response:
    cluster.template("registry")
    app = build(cluster.settings("registry", "pilar_registry", cors_origins=origins))
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    headers = {
        "Origin": FRONTEND,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "idempotency-key",
    }
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://r") as client,
    ):
        return await client.options("/v1/pendamping", headers=headers)


async def test_nobody_by_default(cluster: Cluster) -> None:
    assert "access-control-allow-origin" not in (await preflight(cluster, [])).headers


async def test_only_those_named(cluster: Cluster) -> None:
    answer = await preflight(cluster, [FRONTEND])
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == FRONTEND
    other = await preflight(cluster, ["https://elsewhere.example"])
    assert "access-control-allow-origin" not in other.headers
