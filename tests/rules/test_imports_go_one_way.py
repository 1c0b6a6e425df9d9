"""The import contracts of pyproject.toml: each is kept by the code, and each bites where it is broken."""

import ast
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SERVICES = ("registry", "caseload", "graduation", "referral")
MODULES = ("app", "worker", "routes", "subscribers", "commands", "queries", "models", "errors")
SHARED = ("contracts/__init__", "contracts/graduation", "events", "errors", "http", "kafka", "messaging")

PLANTS = {
    "a service imports another": ("independent-services", "services/referral/commands.py", "import services.graduation.errors"),
    "a service imports another through its models": ("independent-services", "services/registry/models.py", "from services.caseload import models"),
    "shared imports a service": ("shared-below-services", "shared/messaging.py", "import services.registry.models"),
    "shared imports the deployment": ("shared-below-services", "shared/events.py", "import deploy.local.up"),
    "a service imports the deployment": ("services-know-no-deployment", "services/registry/app.py", "import deploy.local.up"),
    "the broker imports a service": ("deploy-local-alone", "deploy/kafka/broker.py", "import services.registry.app"),
    "a model imports a command": ("layers-in-a-service", "services/registry/models.py", "from services.registry import commands"),
    "an error imports a model": ("layers-in-a-service", "services/registry/errors.py", "from services.registry import models"),
    "a command imports a route": ("layers-in-a-service", "services/registry/commands.py", "import services.registry.routes"),
    "a subscriber imports a route": ("layers-in-a-service", "services/registry/subscribers.py", "import services.registry.routes"),
    "a route imports the process": ("layers-in-a-service", "services/registry/routes.py", "import services.registry.app"),
    "a command knows FastAPI": ("no-infrastructure-in-the-domain", "services/caseload/commands.py", "import fastapi"),
    "a model knows Starlette": ("no-infrastructure-in-the-domain", "services/caseload/models.py", "from starlette import status"),
    "a subscriber knows aiokafka": ("no-infrastructure-in-the-domain", "services/referral/subscribers.py", "import aiokafka"),
    "a query knows our HTTP": ("no-infrastructure-in-the-domain", "services/referral/queries.py", "import shared.http"),
    "an error knows our Kafka": ("no-infrastructure-in-the-domain", "services/referral/errors.py", "from shared import kafka"),
    "a contract knows the database": ("contracts-are-plain", "shared/contracts/graduation.py", "import sqlalchemy"),
    "events know HTTP": ("contracts-are-plain", "shared/events.py", "import starlette.responses"),
}  # fmt: skip


def skeleton(root: Path) -> None:
    """The house with every room empty."""
    files = [f"services/{service}/{module}.py" for service in SERVICES for module in ("__init__", *MODULES)]
    files += [f"shared/{name}.py" for name in ("__init__", *SHARED)]
    files += ["services/__init__.py", *(f"deploy/{x}.py" for x in ("__init__", "local/__init__", "local/up"))]
    files += ["deploy/kafka/__init__.py", "deploy/kafka/broker.py"]
    for file in files:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).touch()
    everything = "".join(f"import services.{service}.app\n" for service in SERVICES)
    (root / "deploy/local/up.py").write_text(everything)
    (root / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())


def broken_contracts(root: Path) -> str:
    """What import-linter says, and "" when every contract is kept."""
    told = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(root), "COLUMNS": "200", "PATH": ""},
    )
    return "" if told.returncode == 0 else told.stdout + told.stderr


def name_of(contract: str) -> str:
    text = (ROOT / "pyproject.toml").read_text()
    return text.split(f'id = "{contract}"\nname = "')[1].split('"')[0]


def test_in_an_empty_house_every_contract_is_kept(tmp_path: Path) -> None:
    skeleton(tmp_path)
    assert broken_contracts(tmp_path) == ""


@pytest.mark.parametrize("plant", PLANTS)
def test_a_planted_violation_is_found(plant: str, tmp_path: Path) -> None:
    contract, file, line = PLANTS[plant]
    skeleton(tmp_path)
    (tmp_path / file).write_text(f"{line}\n")
    assert f"{name_of(contract)} BROKEN" in broken_contracts(tmp_path)


def test_no_contract_is_left_without_a_plant() -> None:
    ids = {
        line.split('"')[1]
        for line in (ROOT / "pyproject.toml").read_text().splitlines()
        if line.startswith("id = ")
    }
    assert ids == {contract for contract, _, _ in PLANTS.values()}


def strangers(files: Iterable[Path]) -> set[str]:
    """Modules that contracts may not know: all but pydantic, the standard library and one another."""
    found = set()
    for file in files:
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                found |= (
                    {f"{node.module}.{alias.name}" for alias in node.names}
                    if node.module == "shared"
                    else {node.module or "."}
                )
    own = ("shared.contracts", "shared.events")
    return {
        name
        for name in found
        if not name.startswith(own) and name.split(".")[0] not in {*sys.stdlib_module_names, "pydantic"}
    }


def test_contracts_know_pydantic_and_the_standard_library_alone(tmp_path: Path) -> None:
    assert strangers([ROOT / "shared/events.py", *(ROOT / "shared/contracts").rglob("*.py")]) == set()
    planted = tmp_path / "planted.py"
    planted.write_text(
        "import json\nimport httpx\nfrom shared import clock\nfrom shared.contracts import graduation\n"
    )
    assert strangers([planted]) == {"httpx", "shared.clock"}


@pytest.mark.parametrize(
    "line", ["from unittest.mock import patch", "from unittest import mock", "import unittest.mock"]
)
def test_mocks_are_refused_by_the_linter(line: str, tmp_path: Path) -> None:
    planted = tmp_path / "test_planted.py"
    planted.write_text(f"{line}\n")
    told = subprocess.run(
        [
            Path(sys.executable).with_name("ruff"),
            "check",
            "--no-cache",
            "--config",
            ROOT / "pyproject.toml",
            planted,
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "TID251" in told.stdout
