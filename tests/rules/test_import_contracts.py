"""The import contracts of pyproject.toml hold, and each detects a violation."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from tests.factories.repository import ROOT

SERVICES = ("registry", "caseload", "graduation", "referral")
OWN = ("app", "worker", "tables", "visibility", "history", "subscriptions", "metrics")
FILES = ("models", "errors", "rules", "queries", "commands", "subscribers", "jobs", "routes")
SHARED = ("contracts/__init__", "contracts/graduation", "events", "errors", "http", "kafka", "messaging")

# A broken contract in the output of import-linter: its name and its imports.
SECTION = re.compile(r"^([^\n]+)\n-{5,}\n(.*?)(?=^[^\n]+\n-{5,}\n|\Z)", re.MULTILINE | re.DOTALL)

PLANTS = {
    "a service imports another": ("independent-services", "services/referral/offer/commands.py", "import services.graduation.case.errors"),
    "a service imports another through its models": ("independent-services", "services/registry/kind/models.py", "from services.caseload.family import models"),
    "shared imports a service": ("shared-below-services", "shared/messaging.py", "import services.registry.kind.models"),
    "shared imports the deployment": ("shared-below-services", "shared/events.py", "import deploy.local.up"),
    "a service imports the deployment": ("services-without-deployment", "services/registry/app.py", "import deploy.local.up"),
    "the broker imports a service": ("deploy-imports-no-service", "deploy/kafka/broker.py", "import services.registry.app"),
    "the broker imports the launcher": ("order-in-deploy", "deploy/kafka/broker.py", "import deploy.local.up"),
    "a lower module of registry imports a higher one": ("order-in-registry", "services/registry/kind/commands.py", "import services.registry.coverage.queries"),
    "a lower module of caseload imports a higher one": ("order-in-caseload", "services/caseload/family/commands.py", "import services.caseload.intake.commands"),
    "a lower module of graduation imports a higher one": ("order-in-graduation", "services/graduation/case/queries.py", "import services.graduation.decree.queries"),
    "a lower module of referral imports a higher one": ("order-in-referral", "services/referral/place/commands.py", "import services.referral.offer.commands"),
    "a module that no order names": ("order-in-registry", "services/registry/planted/__init__.py", ""),
    "tables import a module": ("order-in-referral", "services/referral/tables.py", "import services.referral.offer.commands"),
    "a model imports a command": ("models-and-errors", "services/registry/kind/models.py", "import services.registry.kind.commands"),
    "an error imports a query": ("models-and-errors", "services/registry/kind/errors.py", "import services.registry.kind.queries"),
    "a rule imports a query": ("rules", "services/referral/matching/rules.py", "import services.referral.matching.queries"),
    "visibility imports a query": ("visibility-and-history", "services/caseload/visibility.py", "import services.caseload.family.queries"),
    "a query imports a command": ("queries", "services/registry/kind/queries.py", "import services.registry.kind.commands"),
    "a command imports a route": ("commands", "services/registry/kind/commands.py", "import services.registry.kind.routes"),
    "a subscriber imports a route": ("entrances", "services/referral/offer/subscribers.py", "import services.referral.offer.routes"),
    "a route imports a job": ("routes", "services/referral/offer/routes.py", "import services.referral.offer.jobs"),
    "a command imports FastAPI": ("no-infrastructure-in-the-domain", "services/caseload/family/commands.py", "import fastapi"),
    "a model imports Starlette": ("no-infrastructure-in-the-domain", "services/caseload/family/models.py", "from starlette import status"),
    "a subscriber imports aiokafka": ("no-infrastructure-in-the-domain", "services/referral/offer/subscribers.py", "import aiokafka"),
    "a query imports shared.http": ("no-infrastructure-in-the-domain", "services/referral/offer/queries.py", "import shared.http"),
    "an error imports shared.kafka": ("no-infrastructure-in-the-domain", "services/referral/offer/errors.py", "from shared import kafka"),
    "a contract imports the database": ("contracts-without-libraries", "shared/contracts/graduation.py", "import sqlalchemy"),
    "events import HTTP": ("contracts-without-libraries", "shared/events.py", "import starlette.responses"),
}  # fmt: skip


def order_in(container: str) -> list[str]:
    """Return the names that an order contract lists, from the top."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (layers,) = (contract["layers"] for contract in contracts if contract["id"] == f"order-in-{container}")
    return [name.strip("()") for layer in layers for name in layer.split(" | ")]


def modules_of(service: str) -> list[str]:
    """Return the modules of a service in the order of its contract."""
    return [name for name in order_in(service) if name not in OWN]


def write_skeleton(root: Path) -> None:
    """Write the tree with empty files."""
    files = []
    for service in SERVICES:
        files += [f"services/{service}/{name}.py" for name in ("__init__", *own_files(service))]
        files += [
            f"services/{service}/{module}/{name}.py"
            for module in modules_of(service)
            for name in ("__init__", *FILES)
        ]
    files += [f"shared/{name}.py" for name in ("__init__", *SHARED)]
    files += ["services/__init__.py", "deploy/__init__.py", "deploy/local/up.py", "deploy/kafka/broker.py"]
    files += [f"deploy/{name}/__init__.py" for name in order_in("deploy")]
    for file in files:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).touch()
    imports = "".join(f"import services.{service}.app\n" for service in SERVICES)
    (root / "deploy/local/up.py").write_text(imports)
    (root / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())


def own_files(service: str) -> list[str]:
    return [name for name in OWN if (ROOT / "services" / service / f"{name}.py").exists()]


def find_broken_contracts(root: Path) -> str:
    """Return import-linter's output, empty if every contract holds."""
    result = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(root), "COLUMNS": "200", "PATH": ""},
    )
    return "" if result.returncode == 0 else result.stdout + result.stderr


def name_of(contract: str) -> str:
    text = (ROOT / "pyproject.toml").read_text()
    return text.split(f'id = "{contract}"\nname = "')[1].split('"')[0]


def test_every_contract_holds_in_an_empty_tree(tmp_path: Path) -> None:
    write_skeleton(tmp_path)
    assert find_broken_contracts(tmp_path) == ""


def group_plants() -> Iterator[list[str]]:
    """Yield violations of different contracts in different files, which one run can show."""
    left = [*PLANTS]
    while left:
        group: list[str] = []
        for plant in left:
            taken = {part for one in group for part in PLANTS[one][:2]}
            if taken.isdisjoint(PLANTS[plant][:2]):
                group.append(plant)
        yield group
        left = [plant for plant in left if plant not in group]


@pytest.mark.parametrize("plants", [*group_plants()], ids=", ".join)
def test_planted_violations_are_detected(plants: list[str], tmp_path: Path) -> None:
    write_skeleton(tmp_path)
    for file, line in (PLANTS[plant][1:] for plant in plants):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text(f"{line}\n")
    reasons = dict(SECTION.findall(find_broken_contracts(tmp_path)))
    for contract, file, _ in (PLANTS[plant] for plant in plants):
        module = file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        assert re.search(rf"^- +{module}\b", reasons[name_of(contract)], re.MULTILINE), reasons


def test_every_contract_has_a_planted_violation() -> None:
    ids = {
        line.split('"')[1]
        for line in (ROOT / "pyproject.toml").read_text().splitlines()
        if line.startswith("id = ")
    }
    assert ids == {contract for contract, _, _ in PLANTS.values()}


def find_foreign_imports(files: Iterable[Path]) -> set[str]:
    """Return imports other than pydantic, the standard library and contracts."""
    imported = set()
    for file in files:
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                imported |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported |= (
                    {f"{node.module}.{alias.name}" for alias in node.names}
                    if node.module == "shared"
                    else {node.module or "."}
                )
    own = ("shared.contracts", "shared.events")
    return {
        name
        for name in imported
        if not name.startswith(own) and name.split(".")[0] not in {*sys.stdlib_module_names, "pydantic"}
    }


def test_contracts_import_only_pydantic_and_the_standard_library(tmp_path: Path) -> None:
    assert (
        find_foreign_imports([ROOT / "shared/events.py", *(ROOT / "shared/contracts").rglob("*.py")]) == set()
    )
    planted = tmp_path / "planted.py"
    planted.write_text(
        "import json\nimport httpx\nfrom shared import clock\nfrom shared.contracts import graduation\n"
    )
    assert find_foreign_imports([planted]) == {"httpx", "shared.clock"}


@pytest.mark.parametrize(
    "line", ["from unittest.mock import patch", "from unittest import mock", "import unittest.mock"]
)
def test_mocks_are_refused_by_the_linter(line: str, tmp_path: Path) -> None:
    planted = tmp_path / "test_planted.py"
    planted.write_text(f"{line}\n")
    result = subprocess.run(
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
    assert "TID251" in result.stdout
