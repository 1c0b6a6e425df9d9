"""deploy/local/up.py: everything on one machine, stopped without a trace."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from deploy.local.data_folder import DataFolder
from deploy.local.environment import DEPLOYMENT_SETTINGS, DEVELOPER_SETTINGS
from shared.settings import Settings
from tests.factories.deploy.deployment import (
    Up,
    build_headers,
    choose_base,
    remove_data,
    run_module,
)
from tests.factories.deploy.processes import wait_until

pytestmark = [pytest.mark.timeout(300), pytest.mark.xdist_group("machine")]
FRONTEND = "https://frontend.example"
LOCAL = "http://localhost:5173"
SERVICES = ("registry", "caseload", "graduation", "referral")
CHROMIUM = shutil.which("chromium")
HEADLESS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--virtual-time-budget=6000"),
)


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    folder = tmp_path_factory.mktemp("up") / "data"
    started = Up.start(
        folder, choose_base(), PILAR_CORS_ORIGINS=FRONTEND, PILAR_CASELOAD_MAX_BODY_BYTES="2048"
    )
    yield started
    started.stop()
    remove_data(started.folder)


def get(url: str) -> httpx.Response:
    return httpx.get(url, trust_env=False, timeout=30)


def test_every_service_serves_its_docs_and_the_page_links_them(up: Up) -> None:
    about = get(f"{up.state.url('start')}/about").json()
    assert list(about["docs"]) == list(SERVICES)
    for service in SERVICES:
        assert get(f"{up.state.url(service)}/readyz").json() == {"status": "ready"}
        docs = get(about["docs"][service])
        assert docs.status_code == 200
        assert "http://" not in docs.text.replace("http://127.0.0.1", "")
        assert "https://" not in docs.text


def test_page_has_counts_and_queue_depths_of_all_services(up: Up) -> None:
    def is_measured() -> bool:
        services = get(f"{up.state.url('start')}/live").json()["services"]
        return all(
            service["up"]
            and service["unsent"] == service["parked"] == service["lag"] == 0
            and service["numbers"]["totals"]
            for service in services.values()
        )

    assert wait_until(is_measured)


def test_page_loads_nothing_from_outside_and_refuses_other_host_names(up: Up) -> None:
    page = get(up.state.url("start"))
    assert "default-src 'self'" in page.headers["content-security-policy"]
    assert "//" not in page.text.replace("<!doctype html>", "")
    other = httpx.get(up.state.url("start"), headers={"Host": "elsewhere.example"}, trust_env=False)
    assert other.status_code == 400


def test_token_of_the_page_is_accepted_by_every_service(up: Up) -> None:
    token = httpx.post(f"{up.state.url('start')}/tokens/operator-1", trust_env=False).text
    headers = {"Authorization": f"Bearer {token}"}
    days = {
        httpx.get(f"{up.state.url(service)}/v1/clock", headers=headers, trust_env=False).json()["today"]
        for service in SERVICES
    }
    assert days == {"2026-03-01"}


def test_pendamping_without_an_id_has_no_token(up: Up) -> None:
    url = f"{up.state.url('start')}/tokens/pendamping-1"
    assert httpx.post(url, trust_env=False).status_code == 404


def test_output_has_addresses_tokens_and_the_next_command(up: Up) -> None:
    assert all(f"{up.state.url(service)}/docs" in up.output for service in SERVICES)
    assert up.state.url("start") in up.output
    assert "kemensos-1           ey" in up.output
    assert "make demo" in up.output
    assert f"ports        {up.base} to {up.base + 9}, " in up.output


def test_metrics_are_served_on_printed_ports_only(up: Up) -> None:
    for name in (*(f"{service}-metrics" for service in SERVICES), "delivery"):
        url = f"{up.state.url(name)}/metrics"
        assert url in up.output
        assert "pilar_unsent_events" in get(url).text
    assert {get(f"{up.state.url(service)}/metrics").status_code for service in SERVICES} == {404}


def preflight(url: str, origin: str) -> httpx.Response:
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type,idempotency-key",
    }
    return httpx.options(url, headers=headers, trust_env=False)


@pytest.mark.parametrize("origin", [LOCAL, "http://127.0.0.1:3000", FRONTEND])
@pytest.mark.parametrize("service", SERVICES)
def test_frontend_origin_may_call_the_services(up: Up, service: str, origin: str) -> None:
    url = f"{up.state.url(service)}/v1/clock"
    allowed = preflight(url, origin)
    assert (allowed.status_code, allowed.headers["access-control-allow-origin"]) == (200, origin)
    answer = httpx.get(
        url, headers={**build_headers(up.folder, "operator-1"), "Origin": origin}, trust_env=False
    )
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, origin)


def test_local_frontend_may_get_a_token(up: Up) -> None:
    url = f"{up.state.url('start')}/tokens/kemensos-1"
    assert preflight(url, LOCAL).headers["access-control-allow-methods"] == "GET, POST"
    answer = httpx.post(url, headers={"Origin": LOCAL}, trust_env=False)
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, LOCAL)


@pytest.mark.parametrize(
    "origin",
    ["https://elsewhere.example", "http://localhost.elsewhere.example", "http://127.0.0.1.nip.example"],
)
def test_foreign_origin_is_not_allowed(up: Up, origin: str) -> None:
    for url in (f"{up.state.url('registry')}/v1/clock", f"{up.state.url('start')}/tokens/kemensos-1"):
        assert "access-control-allow-origin" not in preflight(url, origin).headers
        answer = httpx.post(url, headers={"Origin": origin}, trust_env=False)
        assert "access-control-allow-origin" not in answer.headers


def test_service_prefixed_setting_applies_to_that_service_only(up: Up) -> None:
    body = {"now": "x" * 3_000}
    for service, status in (("caseload", 413), ("registry", 422)):
        url = f"{up.state.url(service)}/v1/clock"
        headers = build_headers(up.folder, "operator-1")
        assert httpx.post(url, json=body, headers=headers, trust_env=False).status_code == status


def test_every_setting_is_a_developers_or_the_deployments() -> None:
    assert {*DEVELOPER_SETTINGS, *DEPLOYMENT_SETTINGS} == set(Settings.model_fields)
    assert not set(DEVELOPER_SETTINGS) & set(DEPLOYMENT_SETTINGS)


def test_second_deployment_in_the_same_folder_is_refused(up: Up) -> None:
    result = run_module("deploy.local.up", up.folder, choose_base())
    assert result.returncode == 1
    assert result.stderr == f"Pilar already runs in {up.folder}, at {up.state.url('start')}. Stop it first.\n"
    assert get(f"{up.state.url('referral')}/readyz").status_code == 200


def test_port_in_use_is_named_in_a_sentence(up: Up, tmp_path: Path) -> None:
    last = max(up.state.ports.values())
    result = run_module("deploy.local.up", tmp_path, last)
    assert result.returncode == 1
    assert f"Port {last} already in use" in result.stderr
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize(("name", "value"), [("TRANSPORT", "pigeon"), ("PORT", "eighty")])
def test_invalid_setting_is_refused_in_a_sentence(tmp_path: Path, name: str, value: str) -> None:
    result = run_module("deploy.local.up", tmp_path, 8100, **{name: value})
    assert result.returncode == 1
    assert value in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_folder_with_the_other_transport_is_refused_in_a_sentence(tmp_path: Path) -> None:
    DataFolder.of(tmp_path).prepare("kafka")
    result = run_module("deploy.local.up", tmp_path, choose_base())
    assert result.returncode == 1
    assert "in the transport kafka" in result.stderr
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("PILAR_LOGLEVEL", "There is no setting PILAR_LOGLEVEL. Did you mean PILAR_LOG_LEVEL?"),
        ("PILAR_TRANSPORT", "`make up` sets PILAR_TRANSPORT itself. Unset it."),
        ("PILAR_CASELOAD_MODE", "`make up` sets PILAR_CASELOAD_MODE itself. Unset it."),
    ],
)
def test_variable_without_an_effect_is_refused(tmp_path: Path, name: str, sentence: str) -> None:
    result = run_module("deploy.local.up", tmp_path, 8100, **{name: "kafka"})
    assert (result.returncode, result.stderr) == (1, f"{sentence}\n")


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
def test_page_works_in_a_browser(up: Up, tmp_path: Path) -> None:
    assert CHROMIUM is not None
    command = [CHROMIUM, *HEADLESS, f"--user-data-dir={tmp_path}", "--dump-dom", up.state.url("start")]
    page = subprocess.run(command, capture_output=True, text=True, timeout=90, check=True).stdout
    assert "All four services answer" in page
    assert page.count(">ready<") == 4
    assert "There are no exits yet" in page
    assert page.count("<table>") == 4


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
def test_page_renders_on_a_narrow_screen(up: Up, tmp_path: Path) -> None:
    assert CHROMIUM is not None
    picture = tmp_path / "page.png"
    command = [
        CHROMIUM,
        *HEADLESS,
        f"--user-data-dir={tmp_path}",
        "--window-size=500,900",
        f"--screenshot={picture}",
    ]
    subprocess.run([*command, up.state.url("start")], capture_output=True, timeout=90, check=True)
    assert picture.stat().st_size > 10_000
