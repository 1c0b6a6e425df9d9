"""docker-compose.yml and its files, as far as they can be tested without a container engine."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from check_jsonschema import main as check_jsonschema
from click.testing import CliRunner

from deploy.kafka.broker import SETTINGS as BROKER
from deploy.postgres.embedded import NO_ROW_LOGGING
from deploy.services import SERVICES
from tests.factories.repository import ROOT

TEXT = (ROOT / "docker-compose.yml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
VARIABLE = re.compile(r"\$\{(\w+)([^}]*)\}")


def environment(container: str) -> dict[str, str]:
    return COMPOSE["services"][container]["environment"]


def test_fits_the_schema_of_compose_files(tmp_path: Path) -> None:
    arguments = ["--builtin-schema", "vendor.compose-spec", str(ROOT / "docker-compose.yml")]
    assert CliRunner().invoke(check_jsonschema, arguments).exit_code == 0
    wrong = tmp_path / "docker-compose.yml"
    wrong.write_text(TEXT.replace("read_only: true", "read_only: [yes]"))
    assert CliRunner().invoke(check_jsonschema, [*arguments[:-1], str(wrong)]).exit_code == 1


def test_every_service_has_migrate_api_and_worker() -> None:
    expected = {f"{service}-{part}" for service in SERVICES for part in ("migrate", "api", "worker")}
    assert set(COMPOSE["services"]) == expected | {"kafka", "postgres"}


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize(
    ("part", "variable", "role"),
    [
        ("migrate", "PILAR_OWNER_DATABASE_URL", "owner"),
        ("api", "PILAR_DATABASE_URL", "api"),
        ("worker", "PILAR_WORKER_DATABASE_URL", "worker"),
    ],
)
def test_each_process_has_the_address_of_its_role_only(
    service: str, part: str, variable: str, role: str
) -> None:
    addresses = {
        name: value for name, value in environment(f"{service}-{part}").items() if "DATABASE_URL" in name
    }
    password = f"{service.upper()}_{role.upper()}_PASSWORD"
    assert list(addresses) == [variable]
    assert re.fullmatch(
        rf"postgresql://{service}_{role}:\$\{{{password}:\?[^}}]+\}}@postgres:5432/pilar_{service}",
        addresses[variable],
    )


def test_no_secret_has_a_default_and_missing_ones_are_named() -> None:
    variables = dict(VARIABLE.findall(TEXT))
    example = dict(
        line.split("=", 1)
        for line in (ROOT / ".env.example").read_text().splitlines()
        if "=" in line[:40] and not line.startswith("#")
    )
    assert set(variables) == set(example)
    assert set(example.values()) == {""}
    assert variables.pop("PILAR_CORS_ORIGINS") == ":-", "empty means that no other origin is allowed"
    for name, default in variables.items():
        assert default.startswith(f":?set {name} in .env")


@pytest.mark.parametrize("part", ["migrate", "api", "worker"])
@pytest.mark.parametrize("service", SERVICES)
def test_settings_are_valid_in_production(service: str, part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from shared.settings import Settings

    values = {"PILAR_ISSUER": "https://issuer.example", "PILAR_JWKS_URL": "https://issuer.example/keys"}
    for name, value in environment(f"{service}-{part}").items():
        monkeypatch.setenv(name, VARIABLE.sub(lambda match: values.get(match[1], "secret"), value))
    monkeypatch.setenv("PILAR_SERVICE", service)
    settings = Settings.load()
    assert (settings.production, settings.transport, settings.service) == (True, "kafka", service)


def test_postgres_logs_no_rows_as_on_one_machine() -> None:
    command = COMPOSE["services"]["postgres"]["command"][1:]
    assert {f"-c{name}={value}" for name, value in NO_ROW_LOGGING.items()} <= set(command)
    for service in SERVICES:
        for role in ("OWNER", "API", "WORKER"):
            assert f"{service.upper()}_{role}_PASSWORD" in environment("postgres")


def test_broker_retains_events_as_on_one_machine() -> None:
    names = (
        "log.message.timestamp.type",
        "log.retention.ms",
        "log.retention.bytes",
        "auto.create.topics.enable",
        "num.partitions",
    )
    for name in names:
        assert environment("kafka")[f"KAFKA_{name.replace('.', '_').upper()}"] == BROKER[name]


def test_api_has_a_health_check_and_is_reachable_from_this_machine_only() -> None:
    for number, service in enumerate(SERVICES, 1):
        api = COMPOSE["services"][f"{service}-api"]
        assert api["healthcheck"]["test"] == ["CMD", "entry", "ready"]
        assert api["ports"] == [f"127.0.0.1:{8100 + number}:8000"]
    assert "/readyz" in (ROOT / "deploy/docker/entry").read_text()


def test_image_contains_one_service_and_shared_and_runs_unprivileged() -> None:
    lines = (ROOT / "deploy/docker/Dockerfile").read_text().splitlines()
    copied = [line.split()[-2] for line in lines if line.startswith("COPY") and "--from" not in line]
    assert copied == [
        "requirements/base.txt",
        "shared",
        "services/__init__.py",
        "services/${SERVICE}",
        "deploy/docker/entry",
    ]
    assert [line for line in lines if line.startswith("USER")] == ["USER 10001:10001"]
    assert any("--require-hashes -r /tmp/base.txt" in line for line in lines)
