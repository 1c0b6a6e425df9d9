"""The database refuses each move that a state machine does not declare."""

import asyncio
import importlib
import itertools
import pkgutil
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

import asyncpg
import pytest
import sqlalchemy as sa

from shared.database.models import metadata_of
from shared.transitions import guard_moves, moves_condition, trigger_of
from tests.factories.applications import SERVICES
from tests.factories.cluster import Cluster

Moves = Mapping[StrEnum, frozenset[StrEnum]]
NOT_GUARDED = {
    "POLICY_TRANSITIONS": "a policy version has no state column: its dates and approvals decide",
    "FORWARD": "a part of graduation's TRANSITIONS, which is guarded",
}


class Light(StrEnum):
    RED = "RED"
    GREEN = "GREEN"
    OFF = "OFF"


LIGHT: Moves = {Light.RED: frozenset({Light.GREEN}), Light.GREEN: frozenset({Light.RED, Light.OFF})}


def machines() -> Iterator[tuple[str, Moves]]:
    """Yield each mapping of states that a service's models declare, once, with its name."""
    for service in SERVICES:
        package = importlib.import_module(f"services.{service}")
        for place in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if ".models" in place.name:
                module: Any = importlib.import_module(place.name)
                yield from ((name, value) for name, value in vars(module).items() if is_machine(value))


def is_machine(value: Any) -> bool:
    """Return whether a value maps states to sets of states of the same enum."""
    if not isinstance(value, Mapping):
        return False
    entries: list[tuple[Any, Any]] = list(value.items())
    kinds = {type(state) for state, following in entries if isinstance(following, frozenset)}
    following = {type(state) for _, states in entries if isinstance(states, frozenset) for state in states}
    return len(kinds) == 1 and following == kinds and issubclass(kinds.pop(), StrEnum)


def guarded_tables() -> list[sa.Table]:
    return [
        table
        for service in SERVICES
        for table in metadata_of(service).tables.values()
        if "moves" in table.info
    ]


async def connect(cluster: Cluster, database: str) -> asyncpg.Connection:
    return await asyncpg.connect(cluster.postgres.superuser_dsn.rsplit("/", 1)[0] + f"/{database}")


async def legal_updates(connection: asyncpg.Connection, moves: Moves) -> set[tuple[str, str]]:
    """Return the pairs of different states that a guarded table allows."""
    states = sorted({*moves, *itertools.chain(*moves.values())})
    await connection.execute("DROP TABLE IF EXISTS probe; CREATE TABLE probe (state text NOT NULL)")
    probe = sa.Table("probe", sa.MetaData(), sa.Column("state", sa.Text), **guard_moves(moves))
    await connection.execute(str(trigger_of(probe)))
    passed, refused_by = set[tuple[str, str]](), set[str | None]()
    for old, new in itertools.permutations(states, 2):
        await connection.execute("DELETE FROM probe")
        await connection.execute("INSERT INTO probe VALUES ($1)", old.value)
        try:
            await connection.execute("UPDATE probe SET state = $1", new.value)
            passed.add((old, new))
        except asyncpg.CheckViolationError as error:
            refused_by.add(getattr(error, "constraint_name", None))
    assert refused_by == {"probe_moves"}
    return passed


async def legal_history(connection: asyncpg.Connection, moves: Moves) -> set[tuple[str | None, str]]:
    """Return the rows that a history's condition allows, with RED as the first state."""
    condition = moves_condition(moves, "old", "new", first={Light.RED})
    values = [None, *(light.value for light in Light)]
    return {
        (old, new)
        for old, new in itertools.product(values, values[1:])
        if new
        if await connection.fetchval(
            f"SELECT coalesce({condition}, true) FROM (SELECT $1::text AS old, $2::text AS new) AS row",
            old,
            new,
        )
    }


async def test_each_guarded_table_allows_only_the_declared_moves(cluster: Cluster) -> None:
    database = await asyncio.to_thread(asyncio.run, cluster.clone("registry"))
    connection = await connect(cluster, database)
    try:
        for table in guarded_tables():
            moves: Moves = table.info["moves"][0]
            declared = {(old, new) for old, following in moves.items() for new in following if old != new}
            assert await legal_updates(connection, moves) == declared, table.name
        assert await legal_updates(connection, LIGHT) == {
            ("RED", "GREEN"),
            ("GREEN", "RED"),
            ("GREEN", "OFF"),
        }
    finally:
        await connection.close()
        await cluster.drop(database)


async def test_a_history_allows_only_the_first_state_and_the_declared_moves(cluster: Cluster) -> None:
    database = await asyncio.to_thread(asyncio.run, cluster.clone("registry"))
    connection = await connect(cluster, database)
    try:
        assert await legal_history(connection, LIGHT) == {
            (None, "RED"),
            ("RED", "GREEN"),
            ("GREEN", "RED"),
            ("GREEN", "OFF"),
        }
    finally:
        await connection.close()
        await cluster.drop(database)


@pytest.mark.parametrize("service", SERVICES)
async def test_each_guarded_table_has_its_trigger_in_the_migrated_database(
    cluster: Cluster, service: str
) -> None:
    declared = {table.name for table in metadata_of(service).tables.values() if "moves" in table.info}
    database = await asyncio.to_thread(asyncio.run, cluster.clone(service))
    connection = await connect(cluster, database)
    try:
        rows: list[Any] = await connection.fetch(
            "SELECT tgrelid::regclass::text AS place FROM pg_trigger WHERE tgname = 'legal_moves' AND tgenabled = 'O'"
        )
    finally:
        await connection.close()
        await cluster.drop(database)
    assert {row["place"] for row in rows} == declared


def test_each_declared_machine_guards_a_table() -> None:
    guards = {id(table.info["moves"][0]) for table in guarded_tables()}
    declared = list(machines())
    assert len(declared) >= len(SERVICES)
    missing = {name for name, moves in declared if id(moves) not in guards}
    assert missing == NOT_GUARDED.keys()
