"""Health for an orchestrator, and metrics by route, never by address."""

import httpx

from tests.factories.cluster import Cluster
from tests.factories.deploy.processes import find_free_port
from tests.factories.services import Running, run_service


async def test_a_migrated_service_is_ready_and_one_without_its_database_is_not(registry: Running) -> None:
    assert (await registry.get("/livez")).json() == {"status": "alive"}
    assert (await registry.get("/readyz")).status_code == 200
    await registry.execute("UPDATE platform.alembic_version SET version_num = 'later_release'")
    assert (await registry.get("/readyz")).status_code == 200, "a newer database must not take old code down"
    await registry.execute("DELETE FROM platform.alembic_version")
    unmigrated = await registry.get("/readyz")
    assert (unmigrated.status_code, unmigrated.json()["status"]) == (503, "database not migrated")
    registry.app.state.draining = True
    assert (await registry.get("/readyz")).json()["status"] == "draining"


async def test_metrics_name_routes_and_depths_and_no_ids(registry: Running) -> None:
    token = registry.token("KEMENSOS")
    made = await registry.post("/v1/pendamping", {"subject": "LEMBAGA", "name": "LKS"}, as_=token)
    pendamping_id = made.json()["pendamping_id"]
    await registry.get(f"/v1/pendamping/{pendamping_id}", as_=token)
    page = await registry.metrics()
    assert 'route="/v1/pendamping/{pendamping_id}"' in page
    assert 'pilar_unsent_events{service="registry"} 1.0' in page
    assert pendamping_id not in page


async def test_metrics_are_served_on_a_port_of_their_own(cluster: Cluster) -> None:
    port = find_free_port()
    async with (
        run_service(cluster, "registry", metrics_port=port) as registry,
        httpx.AsyncClient(trust_env=False) as client,
    ):
        assert (await registry.get("/metrics")).status_code == 404
        page = await client.get(f"http://127.0.0.1:{port}/metrics")
        assert 'pilar_database_up{service="registry"} 1.0' in page.text


async def test_docs_and_contract_name_no_outside_address(registry: Running) -> None:
    docs = (await registry.get("/docs")).text
    assert "http://" not in docs
    assert "https://" not in docs
    document = (await registry.get("/openapi.json")).json()
    assert document["openapi"].startswith("3.1")
    for operations in document["paths"].values():
        for operation in operations.values():
            refusals = {s: r for s, r in operation["responses"].items() if s[0] in "45"}
            assert refusals
            assert all(list(r["content"]) == ["application/problem+json"] for r in refusals.values())
            assert operation["security"] in ([{"bearer": []}], [])
