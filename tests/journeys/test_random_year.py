"""A random year of a kabupaten: random acts by random people, processes killed on the way, and nothing lost or doubled.

`PILAR_RANDOM_YEAR=400 python -m pytest tests/journeys/test_random_year.py` plays a longer one, with so many families
and a new seed; `PILAR_SEED=…` plays one again, `TRANSPORT=kafka` over a real broker. The seed is said when it fails.
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
from deploy.invariants import is_idle, databases, violations
from deploy.local.place import Place
from tests.factories.deploy.deployment import forget, some_base
from tests.factories.journeys.killable_processes import MortalDeployment
from tests.factories.random_year.office import Office, Town
from tests.factories.random_year.year import year

FAMILIES = int(os.environ.get("PILAR_RANDOM_YEAR", "240"))
LONG = "PILAR_RANDOM_YEAR" in os.environ
SEED = int(os.environ.get("PILAR_SEED") or (secrets.randbelow(10**6) if LONG else 2026))
DAYS, ACTS_A_DAY = (60, 80) if LONG else (12, 64)
HEALED_WITHIN_SECONDS = 90
# Long enough for a process to be forked again on a busy machine.
RETRIES = (0.2, 0.5, 1, 2, 4, 8)
MORTAL = ("registry", "caseload", "graduation", "referral", "delivery", "jobs")
MORTAL_KAFKA = tuple(f"{name}-{part}" for name in MORTAL[:4] for part in ("worker", "jobs"))

pytestmark = [pytest.mark.timeout(3600 if LONG else 600), pytest.mark.xdist_group("machine")]


@pytest.fixture
def deployment(tmp_path: Path) -> Iterator[MortalDeployment]:
    transport = "kafka" if os.environ.get("TRANSPORT") == "kafka" else "local"
    made = MortalDeployment(Place.of(tmp_path / "data"), transport=transport, base_port=some_base())
    made.start()
    yield made
    made.stop()
    forget(tmp_path / "data")


class Reaper:
    """Kills one process after the other, in a random order, each at a random moment of a day."""

    def __init__(self, deployment: MortalDeployment, seed: int) -> None:
        self.deployment, self.chance, self.killed = deployment, random.Random(f"{seed} reaper"), list[str]()
        names = (*MORTAL[:4], *MORTAL_KAFKA) if deployment.transport == "kafka" else MORTAL
        self.order = [name for _ in range(DAYS) for name in self.chance.sample(names, len(names))]

    async def kill_one(self) -> None:
        await asyncio.sleep(self.chance.random())
        name = self.order[len(self.killed)]
        self.deployment.kill(name)
        self.killed.append(name)


async def test_ends_with_four_databases_that_agree(deployment: MortalDeployment) -> None:
    state = deployment.state
    outboxes = await Outboxes.open(state.workers)
    console = Console(file=io.StringIO(), width=160)
    world = Town(
        deployment.place, state, console, outboxes, deployment.ended, deployment.issuer, retries=RETRIES
    )
    reaper = Reaper(deployment, SEED)
    try:
        async with AsyncExitStack() as stack:
            office = Office(world, Ministry(world, stack), SEED, FAMILIES)
            await office.begin()
            await year(office, DAYS, ACTS_A_DAY, reaper.kill_one)
            services = databases(state.workers)

            async def resting() -> bool:
                return await is_idle(services, state.bootstrap)

            await world.until("everything to come to rest", resting, seconds=HEALED_WITHIN_SECONDS)
        found = [*office.faults, *await violations(services, state.bootstrap, world.history)]
    finally:
        await world.http.aclose()
        await outboxes.close()
    told = sorted((noun, outcome, count) for (noun, outcome), count in office.counts.items())
    said = f"PILAR_SEED={SEED} PILAR_RANDOM_YEAR={FAMILIES}: killed {len(reaper.killed)}; {told}\n"
    sys.stdout.write(said)
    assert found == [], said
    accepted = {noun for noun, outcome in office.counts if outcome == "accepted"}
    assert accepted >= {"graduasi", "asesmen", "pernyataan", "proposal", "verification", "musyawarah"}, said
    assert accepted >= {"approval", "kunjungan"}, said
    assert accepted & {"sk", "bulk"}, said
    assert set(reaper.killed) >= set(MORTAL[:4])
