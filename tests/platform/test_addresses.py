"""No address is redirected, whatever the Host header says."""

import pytest

from services.registry.app import build
from tests.factories.cluster import Cluster
from tests.factories.services import Running


@pytest.mark.parametrize("path", ["/v1/pendamping/", "/docs/", "/readyz/", "/static-offline-docs"])
async def test_a_missing_or_extra_slash_is_not_redirected(registry: Running, path: str) -> None:
    headers = {"Host": "elsewhere.example", "Authorization": f"Bearer {registry.token('KEMENSOS')}"}
    answer = await registry.client.get(path, headers=headers)
    assert answer.status_code == 404
    assert "location" not in answer.headers


async def test_a_service_without_documentation_has_none(cluster: Cluster) -> None:
    app = build(cluster.settings("registry", "pilar_registry", docs=False))
    assert not {"/docs", "/openapi.json"} & {getattr(route, "path", "") for route in app.routes}
