"""deploy/invariants: which databases the command checks."""

from pathlib import Path

from tests.factories.deploy.deployment import run


def test_nothing_running_is_refused_in_a_sentence(tmp_path: Path) -> None:
    ran = run("deploy.invariants", tmp_path, 8100)
    assert ran.returncode == 2
    assert "make up" in ran.stderr
    assert len(ran.stderr.splitlines()) == 1


def test_unnamed_database_is_refused_by_its_service(tmp_path: Path) -> None:
    named = {
        "PILAR_REGISTRY_WORKER_DATABASE_URL": "postgresql://a",
        "PILAR_REFERRAL_WORKER_DATABASE_URL": "postgresql://b",
    }
    ran = run("deploy.invariants", tmp_path, 8100, **named)
    assert ran.returncode == 2
    assert ran.stderr == "Not checked: the databases of caseload, graduation are not named.\n"
