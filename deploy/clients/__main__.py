"""`make check-contracts`: linters, generated clients and their use against running services."""

from __future__ import annotations

import sys
import time

from deploy.clients.environments import FOLDER, SOURCES, StepFailed, prepare, python, run, tool
from deploy.clients.flows import run_flows
from deploy.local.data_folder import ROOT
from deploy.services import SERVICES

DOCUMENTS = {service: ROOT / "services" / service / "migrations" / "openapi.json" for service in SERVICES}
SAMPLES = ROOT / "tests" / "contracts" / "samples"


def lint() -> None:
    """Check each document by the recommended rules of two linters, warnings included."""
    strict = ("--fail-severity", "hint", "--ruleset", "spectral.yaml")
    run(tool("spectral"), "lint", *strict, *DOCUMENTS.values())
    # Bodies of two-person requests are named by `x-approval-bodies`, where the linter follows no reference.
    usual = ("--extends", "recommended", "--max-problems", "50", "--skip-rule", "no-unused-components")
    run(tool("redocly"), "lint", *usual, *DOCUMENTS.values())


def generate() -> None:
    """Generate the clients. A warning of the Python generator is an error."""
    options = ("--meta", "none", "--overwrite", "--fail-on-warning", "--config", "openapi-python-client.json")
    for service, document in DOCUMENTS.items():
        run(tool("openapi-typescript"), document, "-o", f"generated/{service}.ts")
        hey_api = ("-o", f"generated/hey-{service}", "-c", "@hey-api/client-fetch")
        run(tool("openapi-ts"), "-i", document, *hey_api)
        client = ("--path", document, "--output-path", f"{service}_client")
        run(python("openapi-python-client"), "generate", *client, *options)


def compile_clients() -> None:
    """Check the types of the generated clients and of the flows that use them."""
    run(tool("tsc"), "--project", "tsconfig.json")
    run(python("mypy"), "--strict", "--explicit-package-bases", "python_flow.py")


def check_events() -> None:
    """Read asyncapi.json and the samples with their reference libraries."""
    run("node", "out/asyncapi.js", ROOT / "asyncapi.json")
    run("node", "out/cloudevents.js", SAMPLES)


STEPS = (prepare, lint, generate, compile_clients, check_events, run_flows)


def main() -> int:
    """Do all steps. Return 1 at the first that fails."""
    for step in STEPS:
        began = time.monotonic()
        try:
            step()
        except StepFailed as failed:
            print(
                f"Failed in {step.__name__}: {failed}. Sources: {SOURCES}, outputs: {FOLDER}", file=sys.stderr
            )
            return 1
        print(f"{step.__name__}: {time.monotonic() - began:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
