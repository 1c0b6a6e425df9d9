"""Bodies of JSON: bytes per route, keys and items before validation, and a minimum rate."""

import json
import time
from uuid import uuid4

import httpx
import pytest

from shared.http.numbers import MAX_IDS
from shared.http.strict_input import MAX_KEYS_OF_OBJECT
from shared.server import served
from tests.factories.raw_http import build_head, open_connection
from tests.factories.services import Running

CAP = 32 * 1024


def build_headers(registry: Running) -> dict[str, str]:
    return {
        "Authorization": f"Bearer {registry.token('KEMENSOS')}",
        "Content-Type": "application/json",
        "Idempotency-Key": "limits",
    }


async def post(registry: Running, body: bytes) -> httpx.Response:
    return await registry.client.post("/v1/pendamping", content=body, headers=build_headers(registry))


async def test_the_default_limit_of_a_body_is_one_page(registry: Running) -> None:
    fits = json.dumps({"subject": "LEMBAGA", "name": "LKS"}).encode()
    assert (await post(registry, fits.ljust(CAP))).status_code == 201
    over = await post(registry, fits.ljust(CAP + 1))
    assert (over.status_code, over.json()["title"]) == (413, "BodyTooLarge")


async def test_a_route_that_declares_more_takes_more(registry: Running) -> None:
    ids = [str(uuid4()) for _ in range(MAX_IDS)]
    body = {"kpm_ids": ids, "pendamping_ids": ids}
    assert len(json.dumps(body)) > CAP
    answer = await registry.post("/v1/numbers", body, as_=registry.token("KEMENSOS"))
    assert answer.status_code in {200, 422}, answer.text
    assert answer.status_code == 200 or "too_long" not in answer.text


@pytest.mark.parametrize(
    "body",
    [
        {f"k{n}": 1 for n in range(2500)},
        {f"k{n}": 1 for n in range(MAX_KEYS_OF_OBJECT + 1)},
        {"name": [0] * 10_000},
        {"name": [{f"k{n}": 1 for n in range(60)}] * 50},
    ],
    ids=["many keys", "a key too many", "many items", "many keys in many objects"],
)
async def test_too_many_keys_or_items_are_refused_before_validation(
    registry: Running, body: dict[str, object]
) -> None:
    await post(registry, b"{}")
    content = json.dumps(body, separators=(",", ":")).encode()
    assert len(content) <= CAP
    began = time.process_time()
    answer = await post(registry, content)
    took = time.process_time() - began
    assert (answer.status_code, answer.json()["title"]) == (400, "MalformedRequest")
    assert "too many fields or items" in answer.json()["detail"]
    assert took < 0.1


async def test_only_the_first_errors_are_reported(registry: Running) -> None:
    answer = await post(registry, json.dumps({f"k{n}": 1 for n in range(MAX_KEYS_OF_OBJECT)}).encode())
    assert answer.status_code == 422
    assert len(answer.json()["errors"]) == 50


async def test_a_length_above_the_cap_is_refused_before_the_body_is_sent(registry: Running) -> None:
    async with served(registry.app, "127.0.0.1", 0) as port, open_connection(port) as connection:
        headers = build_headers(registry) | {"Content-Length": str(CAP + 1)}
        connection.send(build_head("POST", "/v1/pendamping", headers))
        assert (await connection.read_answer()).status == 413


async def test_json_below_the_minimum_rate_is_408(registry: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.http.body.GRACE_SECONDS", 0.5)

    async with served(registry.app, "127.0.0.1", 0) as port, open_connection(port) as connection:
        headers = build_headers(registry) | {"Content-Length": "100"}
        connection.send(build_head("POST", "/v1/pendamping", headers) + b'{"subject":')
        answer = await connection.read_answer()
    assert (answer.status, answer.json()["title"]) == (408, "RequestTooSlow")
