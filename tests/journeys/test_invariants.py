"""The invariants hold after scenario 2, and each planted fault is reported."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from deploy.demo import family_graduation
from deploy.demo.scenarios import play
from deploy.invariants import databases, is_idle, violations
from deploy.invariants.idle_state import READ_OFFSETS
from tests.factories.cluster import Cluster
from tests.factories.journeys.agreement import do_numbers_agree
from tests.factories.journeys.four_services import FourServices, run_four_services
from tests.factories.journeys.planted_faults import PLANTED, UNGUARDED
from tests.factories.services import Running

# One process plays scenario 2 once, for all of these tests.
pytestmark = pytest.mark.xdist_group("conservation")


@dataclass(frozen=True, slots=True)
class Inside:
    """A database in a transaction that is rolled back."""

    connection: Any

    async def sql(self, statement: str, *values: Any) -> list[asyncpg.Record]:
        return await self.connection.fetch(statement, *values)


@pytest.fixture(scope="module")
async def services_after_scenario_2(
    cluster: Cluster, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[FourServices]:
    folder: Path = tmp_path_factory.mktemp("world")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(family_graduation, "FAMILIES", 10)
        async with run_four_services(cluster, folder) as four:
            await play(four.world, [2])
            assert await do_numbers_agree(four.world, [2]), four.screen.getvalue()
            await four.wait_until_idle()
            yield four


@asynccontextmanager
async def open_transactions(services: dict[str, Running]) -> AsyncIterator[dict[str, Inside]]:
    """Yield each database in a transaction without triggers, rolled back at the end."""
    async with AsyncExitStack() as stack:
        databases: dict[str, Inside] = {}
        for name, service in services.items():
            connection = await asyncpg.connect(build_address(service))
            stack.push_async_callback(connection.close)
            transaction = connection.transaction()
            await transaction.start()
            stack.push_async_callback(transaction.rollback)
            databases[name] = Inside(connection)
        yield databases


def build_address(service: Running) -> str:
    return service.cluster.postgres.superuser_dsn.rsplit("/", 1)[0] + f"/{service.database_name}"


async def test_all_invariants_hold_after_scenario_2(services_after_scenario_2: FourServices) -> None:
    history = services_after_scenario_2.world.history
    assert len(history) > 20
    assert await violations(services_after_scenario_2.services, "", history) == []
    dsns = {name: build_address(service) for name, service in services_after_scenario_2.services.items()}
    assert await violations(databases(dsns)) == []


@pytest.mark.parametrize("planted", PLANTED)
async def test_planted_fault_is_reported(services_after_scenario_2: FourServices, planted: str) -> None:
    service, statements, sentence = PLANTED[planted]
    async with open_transactions(services_after_scenario_2.services) as inside:
        assert await violations(inside, "", services_after_scenario_2.world.history) == []
        await inside[service].connection.execute(UNGUARDED)
        await inside[service].connection.execute(statements)
        faults = await violations(inside, "", services_after_scenario_2.world.history)
    assert any(fnmatch(fault, f"{sentence}*") for fault in faults), faults


async def test_place_of_delivered_aid_is_no_fault(services_after_scenario_2: FourServices) -> None:
    _, statements, _ = PLANTED["an offer without aid has a place"]
    async with open_transactions(services_after_scenario_2.services) as inside:
        database = inside["referral"].connection
        await database.execute(UNGUARDED)
        await database.execute(statements)
        await database.execute(
            "UPDATE rujukan_program SET delivered_on = '2026-06-02' WHERE state = 'DICABUT'"
        )
        faults = await violations(inside, "", services_after_scenario_2.world.history)
    assert [fault for fault in faults if fault.startswith("referral: I8: offer")] == []


async def test_refusal_that_emitted_an_event_is_reported(services_after_scenario_2: FourServices) -> None:
    (accepted,) = [command for command in services_after_scenario_2.world.history if command.path == "/v1/sk"]
    refused = replace(accepted, status=409, key="another")
    faults = await violations(
        services_after_scenario_2.services, "", [*services_after_scenario_2.world.history, refused]
    )
    assert sorted(faults) == [
        f"graduation: I1: kemensos-1 /v1/sk: graduation.{event}.v1 emitted without an effect"
        for event in ("credit_granted", "graduasi_determined")
    ]


@dataclass(frozen=True, slots=True)
class Overtaken:
    """A database that changes just after its offsets were read."""

    inside: Inside
    change: str

    async def sql(self, statement: str, *values: Any) -> list[asyncpg.Record]:
        rows = await self.inside.sql(statement, *values)
        if statement == READ_OFFSETS:
            await self.inside.connection.execute(self.change)
        return rows


CHANGES = {
    "an event waits to be sent": "INSERT INTO platform.unsent VALUES (0, -1, now())",
    "an event was sent already": (
        'INSERT INTO platform.local_log SELECT topic, partition, max("offset") + 1, min(outbox_id), now()'
        " FROM platform.local_log GROUP BY 1, 2 LIMIT 1"
    ),
    "work became due": (
        "INSERT INTO platform.scheduled_task (scheduled_task_id, kind, subject_id, clock, due_at)"
        " VALUES (gen_random_uuid(), 'x', 'x', 'real', now() - interval '1 second')"
    ),
}


@pytest.mark.parametrize("name", CHANGES)
async def test_change_during_the_check_is_not_idle(
    services_after_scenario_2: FourServices, name: str
) -> None:
    async with open_transactions(services_after_scenario_2.services) as inside:
        assert await is_idle(inside)
        assert not await is_idle({**inside, "caseload": Overtaken(inside["caseload"], CHANGES[name])})
