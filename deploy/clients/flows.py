"""A deployment with a pendamping's families, and each client's way to a proposal on it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from io import StringIO

from rich.console import Console

from deploy.clients.environments import FOLDER, python, run
from deploy.demo.agenda import Agenda, play_by_date
from deploy.demo.answers import ANSWERS, WITH_EVIDENCE
from deploy.demo.families import DESA, FamilyGenerator, as_csv, graduating_family
from deploy.demo.family_graduation import PENDAMPING_NIK, S
from deploy.demo.intake import run_intake
from deploy.demo.outboxes import Outboxes
from deploy.demo.placement import place_pendamping
from deploy.demo.world import NotAsExpected, World
from deploy.local.data_folder import DataFolder, State
from deploy.local.deployment import Deployment, free_base
from deploy.local.issuer import DevelopmentIssuer
from deploy.postgres.embedded import EmbeddedPostgres
from deploy.services import SERVICES
from shared import loop

ASSESSED_ON = "2026-04-06"
FLOWS: dict[str, Callable[[str], None]] = {
    "openapi-fetch": lambda setting: run("node", "out/flow-openapi-fetch.js", stdin=setting),
    "hey-api": lambda setting: run("node", "out/flow-hey-api.js", stdin=setting),
    "openapi-python-client": lambda setting: run(python("python"), "python_flow.py", stdin=setting),
}


@dataclass(slots=True)
class Preparation:
    """A pendamping with a family for each flow, on the day of its assessment."""

    world: World
    number: int = 1

    def agenda(self) -> Agenda:
        """Return the steps with their days."""
        return [("2026-03-02", self.families), (ASSESSED_ON, self.world.wait_until_delivered)]

    async def families(self) -> None:
        """Place the pendamping, and upload the families."""
        placed = await place_pendamping(self.world, S, PENDAMPING_NIK, [DESA])
        maker = FamilyGenerator(placed.pendamping_no)
        rows = [
            row
            for number, _ in enumerate(FLOWS, 1)
            for row in graduating_family(maker, DESA, f"332407521187900{number}")
        ]
        refused = await run_intake(self.world, "families.csv", as_csv(rows))
        if refused:
            raise NotAsExpected(str(refused))


def run_flows() -> None:
    """Start a deployment, prepare families, run each flow, and stop.

    Raises:
        StepFailed: a flow was not as expected.
    """
    deployment = Deployment(DataFolder.of(FOLDER / "data"), base_port=free_base())
    state = deployment.start(fresh=True, report=print)
    try:
        setting = loop.run(prepare_families(deployment, state))
        for name, flow in FLOWS.items():
            print(f"{name}: ", end="", flush=True)
            flow(setting)
    finally:
        deployment.stop()
        EmbeddedPostgres(deployment.data_folder.folder).wipe()


async def prepare_families(deployment: Deployment, state: State) -> str:
    """Play the preparation, and return what the flows get."""
    outboxes = await Outboxes.open(state.workers)
    issuer = DevelopmentIssuer(deployment.data_folder.issuer, "development")
    console = Console(file=StringIO())  # Nobody reads what the demonstration prints.
    world = World(deployment.data_folder, state, console, outboxes, deployment.ended, issuer)
    try:
        await play_by_date(world, [Preparation(world)])
    finally:
        await asyncio.gather(world.http.aclose(), outboxes.close())
    return json.dumps(
        {
            "urls": {service: state.url(service) for service in SERVICES},
            "token": world.token(S),
            "today": ASSESSED_ON,
            "answers": ANSWERS,
            "withEvidence": WITH_EVIDENCE,
        }
    )
