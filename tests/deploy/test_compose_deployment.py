"""docker-compose.yml and what it needs, as far as a machine without a container engine can tell."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from check_jsonschema import main as check_jsonschema
from click.testing import CliRunner

from deploy.kafka.broker import SETTINGS as BROKER
from deploy.postgres.embedded import QUIET
from deploy.services import SERVICES
from tests.factories.repository import ROOT

TEXT = (ROOT / "docker-compose.yml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
WISH = re.compile(r"\$\{(\w+)([^}]*)\}")


def environment(container: str) -> dict[str, str]:
    return COMPOSE["services"][container]["environment"]


def test_fits_the_schema_of_compose_files(tmp_path: Path) -> None:
    whole = ["--builtin-schema", "vendor.compose-spec", str(ROOT / "docker-compose.yml")]
    assert CliRunner().invoke(check_jsonschema, whole).exit_code == 0
    wrong = tmp_path / "docker-compose.yml"
    wrong.write_text(TEXT.replace("read_only: true", "read_only: [yes]"))
    assert CliRunner().invoke(check_jsonschema, [*whole[:-1], str(wrong)]).exit_code == 1


def test_every_service_has_migrate_api_and_worker() -> None:
    wanted = {f"{service}-{part}" for service in SERVICES for part in ("migrate", "api", "worker")}
    assert set(COMPOSE["services"]) == wanted | {"kafka", "postgres"}


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize(
    ("part", "variable", "role"),
    [
        ("migrate", "PILAR_OWNER_DATABASE_URL", "owner"),
        ("api", "PILAR_DATABASE_URL", "api"),
        ("worker", "PILAR_WORKER_DATABASE_URL", "worker"),
    ],
)
def test_each_process_knows_its_own_role_alone(service: str, part: str, variable: str, role: str) -> None:
    known = {
        name: value for name, value in environment(f"{service}-{part}").items() if "DATABASE_URL" in name
    }
    password = f"{service.upper()}_{role.upper()}_PASSWORD"
    assert list(known) == [variable]
    assert re.fullmatch(
        rf"postgresql://{service}_{role}:\$\{{{password}:\?[^}}]+\}}@postgres:5432/pilar_{service}",
        known[variable],
    )


def test_no_secret_has_a_default_and_each_one_missing_is_named() -> None:
    asked = dict(WISH.findall(TEXT))
    example = dict(
        line.split("=", 1)
        for line in (ROOT / ".env.example").read_text().splitlines()
        if "=" in line[:40] and not line.startswith("#")
    )
    assert set(asked) == set(example)
    assert set(example.values()) == {""}
    assert asked.pop("PILAR_CORS_ORIGINS") == ":-", "without it no browser of another origin is let in"
    for name, otherwise in asked.items():
        assert otherwise.startswith(f":?set {name} in .env")


@pytest.mark.parametrize("part", ["migrate", "api", "worker"])
@pytest.mark.parametrize("service", SERVICES)
def test_its_settings_pass_as_production(service: str, part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from shared.settings import Settings

    values = {"PILAR_ISSUER": "https://issuer.example", "PILAR_JWKS_URL": "https://issuer.example/keys"}
    for name, value in environment(f"{service}-{part}").items():
        monkeypatch.setenv(name, WISH.sub(lambda wish: values.get(wish[1], "secret"), value))
    monkeypatch.setenv("PILAR_SERVICE", service)
    settings = Settings.load()
    assert (settings.production, settings.transport, settings.service) == (True, "kafka", service)


def test_its_postgres_is_as_quiet_as_the_one_of_one_machine() -> None:
    said = COMPOSE["services"]["postgres"]["command"][1:]
    assert {f"-c{name}={value}" for name, value in QUIET.items()} <= set(said)
    for service in SERVICES:
        for role in ("OWNER", "API", "WORKER"):
            assert f"{service.upper()}_{role}_PASSWORD" in environment("postgres")


def test_its_broker_keeps_history_like_the_one_of_one_machine() -> None:
    same = (
        "log.message.timestamp.type",
        "log.retention.ms",
        "log.retention.bytes",
        "auto.create.topics.enable",
        "num.partitions",
    )
    for name in same:
        assert environment("kafka")[f"KAFKA_{name.replace('.', '_').upper()}"] == BROKER[name]


def test_an_api_is_ready_by_its_own_word_and_reachable_from_this_machine_alone() -> None:
    for number, service in enumerate(SERVICES, 1):
        api = COMPOSE["services"][f"{service}-api"]
        assert api["healthcheck"]["test"] == ["CMD", "entry", "ready"]
        assert api["ports"] == [f"127.0.0.1:{8100 + number}:8000"]
    assert "/readyz" in (ROOT / "deploy/docker/entry").read_text()


def test_an_image_holds_one_service_and_shared_and_runs_as_nobody_in_particular() -> None:
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
