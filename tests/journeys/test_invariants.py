"""The checker of the four databases: it is silent after the road, and each thing that must not be is seen when planted."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from deploy.demo import family_graduation
from deploy.demo.scenarios import play
from deploy.invariants import at_rest, databases, violations
from deploy.invariants.idle_state import READ
from tests.factories.cluster import Cluster
from tests.factories.journeys.agreement import agreed
from tests.factories.journeys.four_services import Together, together
from tests.factories.journeys.planted_faults import PLANTED, UNGUARDED
from tests.factories.services import Running

# One process plays the road once, for all of these.
pytestmark = pytest.mark.xdist_group("conservation")


@dataclass(frozen=True, slots=True)
class Inside:
    """A database seen from inside a transaction that will be rolled back."""

    connection: Any

    async def sql(self, statement: str, *values: Any) -> list[asyncpg.Record]:
        return await self.connection.fetch(statement, *values)


@pytest.fixture(scope="module")
async def after_the_road(
    cluster: Cluster, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Together]:
    folder: Path = tmp_path_factory.mktemp("world")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(family_graduation, "FAMILIES", 10)
        async with together(cluster, folder) as four:
            await play(four.world, [2])
            assert await agreed(four.world, [2]), four.screen.getvalue()
            await four.at_rest()
            yield four


@asynccontextmanager
async def undone(services: dict[str, Running]) -> AsyncIterator[dict[str, Inside]]:
    """Each database inside a transaction without constraints' help, rolled back in the end."""
    async with AsyncExitStack() as stack:
        found: dict[str, Inside] = {}
        for name, service in services.items():
            connection = await asyncpg.connect(address(service))
            stack.push_async_callback(connection.close)
            transaction = connection.transaction()
            await transaction.start()
            stack.push_async_callback(transaction.rollback)
            found[name] = Inside(connection)
        yield found


def address(service: Running) -> str:
    return service.cluster.postgres.superuser_dsn.rsplit("/", 1)[0] + f"/{service.database_name}"


async def test_nothing_is_lost_or_counted_twice_after_the_road(after_the_road: Together) -> None:
    history = after_the_road.world.history
    assert len(history) > 20
    assert await violations(after_the_road.services, "", history) == []
    dsns = {name: address(service) for name, service in after_the_road.services.items()}
    assert await violations(databases(dsns)) == []


@pytest.mark.parametrize("planted", PLANTED)
async def test_what_must_not_be_is_seen(after_the_road: Together, planted: str) -> None:
    service, statements, seen = PLANTED[planted]
    async with undone(after_the_road.services) as inside:
        assert await violations(inside, "", after_the_road.world.history) == []
        await inside[service].connection.execute(UNGUARDED)
        await inside[service].connection.execute(statements)
        found = await violations(inside, "", after_the_road.world.history)
    assert any(fault.startswith(seen) for fault in found), found


async def test_place_used_up_by_delivered_aid_is_no_fault(after_the_road: Together) -> None:
    _, statements, _ = PLANTED["an offer without aid holds a place"]
    async with undone(after_the_road.services) as inside:
        database = inside["referral"].connection
        await database.execute(UNGUARDED)
        await database.execute(statements)
        await database.execute(
            "UPDATE rujukan_program SET delivered_on = '2026-06-02' WHERE state = 'DICABUT'"
        )
        faults = await violations(inside, "", after_the_road.world.history)
    assert [fault for fault in faults if fault.startswith("referral: I8: offer")] == []


async def test_a_refusal_that_told_something_is_seen(after_the_road: Together) -> None:
    (done,) = [one for one in after_the_road.world.history if one.path == "/v1/sk"]
    refused = replace(done, status=409, key="another")
    found = await violations(after_the_road.services, "", [*after_the_road.world.history, refused])
    assert sorted(found) == [
        f"graduation: I1: kemensos-1 /v1/sk: graduation.{fact}.v1 told without an effect"
        for fact in ("credit_granted", "graduasi_determined")
    ]


@dataclass(frozen=True, slots=True)
class Overtaken:
    """A database in which something happens just after its readers' places were asked for."""

    inside: Inside
    happens: str

    async def sql(self, statement: str, *values: Any) -> list[asyncpg.Record]:
        found = await self.inside.sql(statement, *values)
        if statement == READ:
            await self.inside.connection.execute(self.happens)
        return found


HAPPENS = {
    "something waits to be sent": "INSERT INTO platform.unsent VALUES (0, -1, now())",
    "something was sent already": (
        'INSERT INTO platform.local_log SELECT topic, partition, max("offset") + 1, min(outbox_id), now()'
        " FROM platform.local_log GROUP BY 1, 2 LIMIT 1"
    ),
    "something fell due": (
        "INSERT INTO platform.due (due_id, kind, subject_id, clock, due_at)"
        " VALUES (gen_random_uuid(), 'x', 'x', 'real', now() - interval '1 second')"
    ),
}


@pytest.mark.parametrize("what", HAPPENS)
async def test_who_tells_something_on_while_others_are_asked_is_not_at_rest(
    after_the_road: Together, what: str
) -> None:
    """Counted too early, what caseload has told and registry not yet heard would be called lost."""
    async with undone(after_the_road.services) as inside:
        assert await at_rest(inside)
        assert not await at_rest({**inside, "caseload": Overtaken(inside["caseload"], HAPPENS[what])})
