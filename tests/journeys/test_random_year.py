"""A random year with killed processes loses and doubles nothing.

`PILAR_RANDOM_YEAR=400 python -m pytest tests/journeys/test_random_year.py` plays a longer year with 400 families and a
new seed. `PILAR_SEED=…` repeats a year, `TRANSPORT=kafka` uses a real broker. A failure prints the seed.
"""

import asyncio
import io
import os
import random
import secrets
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from rich.console import Console

from deploy.demo.ministry import Ministry
from deploy.demo.outboxes import Outboxes
from deploy.demo.scenarios import wait_until_idle
from deploy.invariants import databases, violations
from deploy.local.data_folder import DataFolder
from tests.factories.deploy.deployment import choose_base, remove_data
from tests.factories.journeys.killable_processes import KillableDeployment
from tests.factories.random_year.office import Office, Town
from tests.factories.random_year.year import play_year

FAMILIES = int(os.environ.get("PILAR_RANDOM_YEAR", "240"))
IS_LONG = "PILAR_RANDOM_YEAR" in os.environ
SEED = int(os.environ.get("PILAR_SEED") or (secrets.randbelow(10**6) if IS_LONG else 2026))
DAYS, ACTS_A_DAY = (60, 80) if IS_LONG else (12, 64)
IDLE_TIMEOUT_SECONDS = 90
# Long enough for a killed process to be restarted on a busy machine.
RETRIES = (0.2, 0.5, 1, 2, 4, 8)
KILLED = ("registry", "caseload", "graduation", "referral", "delivery", "jobs")
KILLED_ON_KAFKA = tuple(f"{name}-{part}" for name in KILLED[:4] for part in ("worker", "jobs"))

pytestmark = [pytest.mark.timeout(3600 if IS_LONG else 600), pytest.mark.xdist_group("machine")]


@pytest.fixture
def deployment(tmp_path: Path) -> Iterator[KillableDeployment]:
    transport = "kafka" if os.environ.get("TRANSPORT") == "kafka" else "local"
    started = KillableDeployment(
        DataFolder.of(tmp_path / "data"), transport=transport, base_port=choose_base()
    )
    started.start()
    yield started
    started.stop()
    remove_data(tmp_path / "data")


class ProcessKiller:
    """Kills processes in a random order, each at a random moment of a day."""

    def __init__(self, deployment: KillableDeployment, seed: int) -> None:
        self.deployment, self.chance, self.killed = deployment, random.Random(f"{seed} reaper"), list[str]()
        names = (*KILLED[:4], *KILLED_ON_KAFKA) if deployment.transport == "kafka" else KILLED
        self.order = [name for _ in range(DAYS) for name in self.chance.sample(names, len(names))]

    async def kill_one(self) -> None:
        await asyncio.sleep(self.chance.random())
        name = self.order[len(self.killed)]
        self.deployment.kill(name)
        self.killed.append(name)


async def test_invariants_hold_after_a_random_year(deployment: KillableDeployment) -> None:
    state = deployment.state
    outboxes = await Outboxes.open(state.workers)
    console = Console(file=io.StringIO(), width=160)
    world = Town(
        deployment.data_folder, state, console, outboxes, deployment.ended, deployment.issuer, retries=RETRIES
    )
    killer = ProcessKiller(deployment, SEED)
    try:
        async with AsyncExitStack() as stack:
            office = Office(world, Ministry(world, stack), SEED, FAMILIES)
            await office.start()
            await play_year(office, DAYS, ACTS_A_DAY, killer.kill_one)
            services = databases(state.workers)
            await wait_until_idle(world, services, state.bootstrap, IDLE_TIMEOUT_SECONDS)
        faults = [*office.faults, *await violations(services, state.bootstrap, world.history)]
    finally:
        await world.http.aclose()
        await outboxes.close()
    counts = sorted((noun, outcome, count) for (noun, outcome), count in office.counts.items())
    summary = f"PILAR_SEED={SEED} PILAR_RANDOM_YEAR={FAMILIES}: killed {len(killer.killed)}; {counts}\n"
    sys.stdout.write(summary)
    assert faults == [], "\n".join([summary, *faults])
    accepted = {noun for noun, outcome in office.counts if outcome == "accepted"}
    assert accepted >= {"graduasi", "asesmen", "pernyataan", "proposal", "verification", "musyawarah"}, (
        summary
    )
    assert accepted >= {"approval", "kunjungan"}, summary
    assert accepted & {"sk", "bulk"}, summary
    assert set(killer.killed) >= set(KILLED[:4])
