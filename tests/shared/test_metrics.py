"""/metrics: counts of waiting work come from the database, others from the process."""

import asyncio
import re
import socket
import subprocess
import sys
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from shared import telemetry
from shared.database import Database
from shared.settings import Settings
from tests.factories.collector import collect_spans
from tests.factories.proof import IN_FULL, Proof


async def read_page(database: Database | None) -> str:
    return (await telemetry.render(database))[0].decode()


async def test_show_unsent_parked_and_late(database: Database, owner: Any) -> None:
    for number in (1, 2):
        await owner.execute(
            "INSERT INTO platform.unsent VALUES (3, $1, clock_timestamp() - interval '1 minute')", number
        )
    await owner.execute(
        "INSERT INTO platform.parked (subscription, topic, partition, \"offset\", body, reason) VALUES ('kpm', 't', 0, 1, '', 'POISON')"
    )
    content = await read_page(database)
    assert 'pilar_unsent_events{service="platform"} 2.0' in content
    assert re.search(r'pilar_unsent_oldest_seconds\{service="platform"\} 6[0-9]\.', content)
    assert 'pilar_parked_events{reason="POISON",service="platform",subscription="kpm"} 1.0' in content
    assert 'pilar_database_up{service="platform"} 1.0' in content
    await owner.execute("TRUNCATE platform.unsent, platform.parked")
    content = await read_page(database)
    assert 'pilar_unsent_events{service="platform"} 0.0' in content
    assert 'pilar_parked_events{reason="POISON",service="platform",subscription="kpm"} 0.0' in content


async def test_are_served_while_the_database_is_down() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    database = Database(f"postgresql://a:b@127.0.0.1:{port}/none", service="absent", wake_relay=False)
    assert 'pilar_database_up{service="absent"} 0.0' in await read_page(database)
    await database.close()


async def test_count_requests_by_route_and_not_by_path() -> None:
    telemetry.observe_request("GET", "/v1/kpm/{kpm_id}", 200, 0.02, service="caseload")
    content = await read_page(None)
    assert 'route="/v1/kpm/{kpm_id}",service="caseload",status="200"' in content


@pytest.mark.parametrize(
    "metric", ["gaps", "duplicate_events", "divergences", "applied_events", "subscription_lag_events"]
)
async def test_show_each_figure_of_the_messaging_contract_per_subscription(metric: str) -> None:
    assert f"# HELP pilar_{metric}" in await read_page(None)


async def test_all_begin_with_pilar() -> None:
    names = re.findall(r"^# TYPE (\S+)", await read_page(None), re.MULTILINE)
    assert len(names) >= 12
    assert all(name.startswith("pilar_") for name in names)


async def test_of_a_worker_are_served_on_this_machine() -> None:
    async with (
        telemetry.serve(0) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client,
    ):
        answer = await client.get("/metrics")
        assert "pilar_unsent_events" in answer.text
        assert answer.headers["content-type"].startswith("text/plain")
        assert (await client.get("/")).status_code == 404
        assert (await client.post("/metrics")).status_code == 405


async def test_are_rendered_once_for_requests_within_some_seconds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    marked = 'pilar_subscription_stopped{service="%s",subscription="kpm"} 1.0'
    async with (
        telemetry.serve(0) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client,
    ):
        await client.get("/metrics")
        telemetry.stopped.labels("later", "kpm").set(1)
        assert marked % "later" not in (await client.get("/metrics")).text
        monkeypatch.setattr(telemetry, "CACHED_SECONDS", 0)
    async with (
        telemetry.serve(0) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client,
    ):
        await client.get("/metrics")
        telemetry.stopped.labels("latest", "kpm").set(1)
        assert marked % "latest" in (await client.get("/metrics")).text


def test_traces_are_sent_only_where_an_address_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    app = FastAPI()
    telemetry.instrument(app, Settings.load_for("platform", mode="development"))
    assert not getattr(app, "_is_instrumented_by_opentelemetry", False)


TRACED = """
import asyncio, sys
import httpx
from fastapi import FastAPI
from shared import traces
from shared.settings import Settings

async def main():
    app, canaries = FastAPI(), sys.argv[2:]
    app.get("/v1/kpm/{kpm_id}")(lambda kpm_id: {})
    sent = traces.instrument(app, Settings.load_for("caseload", mode="development", traces_endpoint=sys.argv[1]))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://pilar") as client:
        assert (await client.get("/v1/kpm/7")).status_code == 200
        for text in canaries:
            assert (await client.get(f"/v1/kpm/{text}?nik={text}")).status_code == 200
            assert (await client.get(f"/v1/{text}/{text}")).status_code == 404
            try:
                with sent.provider.get_tracer("test").start_as_current_span("INSERT"):
                    raise ValueError(f"Failing row contains ({text})")
            except ValueError:
                pass
    await asyncio.to_thread(sent.shutdown)

asyncio.run(main())
"""


@pytest.mark.proof
async def test_traces_reach_the_address_that_is_set(prove: Proof) -> None:
    """They have none of the texts that requests and errors contained."""
    canaries = [f"Kanari{number:04}" for number in range(1_000 if IN_FULL else 5)]
    with collect_spans() as collected:
        arguments = [sys.executable, "-c", TRACED, collected.endpoint, *canaries]
        ran = await asyncio.to_thread(subprocess.run, arguments, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    names = {(span.service, span.name) for span in collected.spans}
    assert {("pilar-caseload", "GET /v1/kpm/{kpm_id}"), ("pilar-caseload", "INSERT")} <= names
    leaked = [text for text in canaries if text.encode() in collected.content]
    prove("personal texts in spans", len(canaries), len(leaked))
    assert leaked == []
