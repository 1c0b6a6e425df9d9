"""deploy/invariants: the databases that the command checks."""

from pathlib import Path

from tests.factories.deploy.deployment import run_module


def test_folder_without_a_deployment_is_refused_in_a_sentence(tmp_path: Path) -> None:
    result = run_module("deploy.invariants", tmp_path, 8100)
    assert result.returncode == 2
    assert "make up" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_missing_addresses_are_named_by_service(tmp_path: Path) -> None:
    addresses = {
        "PILAR_REGISTRY_WORKER_DATABASE_URL": "postgresql://a",
        "PILAR_REFERRAL_WORKER_DATABASE_URL": "postgresql://b",
    }
    result = run_module("deploy.invariants", tmp_path, 8100, **addresses)
    assert result.returncode == 2
    assert (
        result.stderr == "Not checked: the addresses of these databases are missing: caseload, graduation.\n"
    )
