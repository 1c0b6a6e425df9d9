import os
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from shared.settings import DEVELOPMENT_ISSUER, Settings

URL = "postgresql://caseload_api:geheim@db/pilar_caseload"
SOUND: dict[str, Any] = {
    "mode": "production",
    "issuer": "https://id.example/realms/pilar",
    "jwks_url": "https://id.example/realms/pilar/certs",
    "keys_folder": "/keys",
}


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("PILAR_")]:
        monkeypatch.delenv(name)


def test_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    variables = {
        "SERVICE": "caseload",
        "MODE": "development",
        "POOL_SIZE": "3",
        "CORS_ORIGINS": "http://a, http://b",
    }
    for name, value in variables.items():
        monkeypatch.setenv(f"PILAR_{name}", value)
    settings = Settings.load()
    assert (settings.service, settings.pool_size, settings.cors_origins) == (
        "caseload",
        3,
        ["http://a", "http://b"],
    )
    assert (settings.issuer, settings.audience) == (DEVELOPMENT_ISSUER, "pilar-caseload")


def test_webhook_ports_are_443_unless_the_environment_lists_others(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings.load_for("referral", **SOUND).webhook_ports == [443]
    monkeypatch.setenv("PILAR_WEBHOOK_PORTS", "443, 8443")
    assert Settings.load_for("referral", **SOUND).webhook_ports == [443, 8443]


def test_private_networks_of_webhooks_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PILAR_REFERRAL_WEBHOOK_NETWORKS", "10.20.0.0/16, fd00:20::/32")
    networks = Settings.load_for("referral", **SOUND).webhook_networks
    assert [str(network) for network in networks] == ["10.20.0.0/16", "fd00:20::/32"]


def test_webhooks_to_this_machine_are_off_in_development_too() -> None:
    assert not Settings.load_for("referral", mode="development").webhook_loopback


def test_have_no_field_named_like_the_file_of_another() -> None:
    names = set(Settings.model_fields)
    assert not {f"{name}_file" for name in names} & names


def test_come_from_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "url").write_text(URL + "\n")
    monkeypatch.setenv("PILAR_DATABASE_URL_FILE", str(tmp_path / "url"))
    assert Settings.load_for("caseload", mode="development").database_url == URL


def test_do_not_come_from_two_places_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PILAR_DATABASE_URL_FILE", str(tmp_path / "url"))
    with pytest.raises(ValueError, match="cannot be read"):
        Settings.load_for("caseload", mode="development")
    monkeypatch.setenv("PILAR_DATABASE_URL", URL)
    with pytest.raises(ValueError, match="keep one"):
        Settings.load_for("caseload", mode="development")


def test_of_several_services_in_one_process_are_separate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PILAR_MODE", "development")
    monkeypatch.setenv("PILAR_POOL_SIZE", "5")
    monkeypatch.setenv("PILAR_CASELOAD_POOL_SIZE", "9")
    sizes = [Settings.load_for(service).pool_size for service in ("caseload", "registry")]
    assert [*sizes, Settings.load_for("caseload", pool_size=2).pool_size] == [9, 5, 2]


def test_show_no_secret() -> None:
    settings = Settings.load_for("caseload", mode="development", database_url=URL, owner_database_url=URL)
    assert "geheim" not in repr(settings) + str(settings)
    with pytest.raises(ValidationError) as refusal:
        Settings.load_for("caseload", database_url=URL, pool_size="geheim")
    assert "geheim" not in str(refusal.value)


def test_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        Settings.load_for("caseload", mode="development").mode = "production"  # type: ignore[misc]


def test_refuse_a_field_that_does_not_exist() -> None:
    with pytest.raises(ValidationError):
        Settings.load_for("caseload", mode="development", databse_url=URL)


def test_are_production_by_default() -> None:
    with pytest.raises(ValidationError, match="refused in production"):
        Settings.load_for("caseload")
    assert Settings.load_for("caseload", **SOUND).production


@pytest.mark.parametrize(
    "changed",
    [
        {"issuer": ""},
        {"issuer": DEVELOPMENT_ISSUER},
        {"issuer": "http://id.example"},
        {"jwks_url": None},
        {"jwks_url": "http://id.example/certs"},
        {"jwks_url": "http://127.0.0.1/certs"},
        {"jwks_file": "/keys/jwks.json"},
        {"audience": ""},
        {"keys_folder": None},
        {"cors_origins": ["*"]},
        {"webhook_loopback": True},
        {"webhook_ports": [0]},
        {"webhook_networks": ["0.0.0.0/0"]},
        {"webhook_networks": ["169.254.169.254/32"]},
        {"webhook_networks": ["::1/128"]},
        {"webhook_networks": ["10.20.1.2/16"]},
        {"transport": "kafka"},
    ],
)
def test_refuse_development_values_in_production(changed: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Settings.load_for("caseload", **SOUND | changed)


def test_production_takes_plaintext_to_brokers_only_by_its_name() -> None:
    brokers = {"transport": "kafka", "kafka_security_protocol": "PLAINTEXT"}
    assert Settings.load_for("caseload", **SOUND | brokers).kafka_security_protocol == "PLAINTEXT"


@pytest.mark.parametrize(
    ("brokers", "sentence"),
    [
        ({"kafka_ca_file": "/ca.pem"}, "need kafka_security_protocol SSL or SASL_SSL"),
        ({"kafka_security_protocol": "SSL", "kafka_certificate_file": "/c.pem"}, "set both"),
        (
            {"kafka_security_protocol": "SSL", "kafka_user": "registry"},
            "need kafka_security_protocol SASL_SSL",
        ),
        ({"kafka_password": "geheim"}, "need kafka_security_protocol SASL_SSL"),
        (
            {"kafka_security_protocol": "SASL_SSL", "kafka_user": "registry"},
            "needs kafka_user and kafka_password",
        ),
        ({"kafka_security_protocol": "SASL_PLAINTEXT"}, "Input should be"),
    ],
)
def test_refuse_a_contradicting_protection_of_brokers(brokers: dict[str, str], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence) as refused:
        Settings.load_for("caseload", mode="development", **brokers)  # type: ignore[arg-type]
    assert "geheim" not in str(refused.value)
