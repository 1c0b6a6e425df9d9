"""Each state of each table declares what it waits for, so that nothing waits unseen."""

import asyncio
import importlib
import pkgutil
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import sqlalchemy as sa

from shared import schema, telemetry
from shared.access import Role
from shared.database import text_enum
from shared.database.models import metadata_of
from shared.database.tables import is_enum
from shared.deadlines import END, CoveredBy, Owner, Waits, WatchedBy, track_waits
from shared.deadlines.rules import Rule, Rules
from shared.deadlines.waiting_kinds import WaitingKind, WaitingState
from shared.deadlines.waiting_tables import find_waiting_tables
from shared.transitions import guard_moves
from tests.factories.applications import SERVICES
from tests.factories.cluster import Cluster

OPERATIONS = Path(__file__).parents[2] / "docs" / "operations.md"
STATE_COLUMNS = {"state", "status", "taken"}
STATE_ENUMS = ("State", "Status", "Taken")
NOT_WAITING = {
    "kpm_anggota": "the index lists the members of today",
    "usaha": "the index lists the businesses of today",
    "kunjungan": "the index holds the visits that are not voided",
    "p2k2_sesi": "the index holds the sessions that are not voided",
    "consent_text": "the index holds the texts that are not voided",
    "relapse_report": "the index holds the reports that are not voided",
    "partner_answer": "what a partner answered, which is never changed",
    "deadline_rule": "the state of which subjects the rule is",
    "author_rule": "the statuses of authors that the rule names",
    "overdue": "the state in which a subject waits",
}
NO_STATES = {"EmployerStatus": "the terms of a placement"}


class Lamp(StrEnum):
    RED = "RED"
    GREEN = "GREEN"


def own_tables() -> Iterator[sa.Table]:
    """Yield the tables of every service and of the platform, without replicas and histories."""
    yield from schema.metadata.tables.values()
    for service in SERVICES:
        for table in metadata_of(service).tables.values():
            if table.schema is None and not table.name.endswith("_history"):
                yield table


def state_columns(table: sa.Table) -> list[sa.Column[Any]]:
    return [
        column for column in table.c if column.name in STATE_COLUMNS and isinstance(column.type, sa.String)
    ]


def has_states(table: sa.Table) -> bool:
    """Return whether a table has states: by a column, moves or an open index."""
    conditions = [str(index.dialect_options["postgresql"]["where"]) for index in table.indexes]
    is_worklist = any("IS NULL" in text or text == "open" for text in conditions)
    return "moves" in table.info or bool(state_columns(table)) or is_worklist


def find_undeclared(table: sa.Table) -> list[str]:
    """Return the states of a table that declare nothing."""
    waits: Waits | None = table.info.get("waits")
    if waits is None:
        return [f"{table.name} declares nothing"]
    declared = {str(state) for state in waits.states}
    of_column = getattr(table.c[waits.state].type, "enums", ()) if waits.state in table.c else ()
    expected = {*of_column} | {str(state) for state in table.info.get("moves", ({},))[0]}
    missing = [f"{table.name}.{state} declares nothing" for state in sorted(expected - declared)]
    has_since = waits.since is not None or "since_on" in table.c
    counts_days = any(isinstance(wait, Owner) for wait in waits.states.values())
    return missing + ([f"{table.name} has no first day"] if counts_days and not has_since else [])


def find_all_undeclared(tables: Iterator[sa.Table]) -> list[str]:
    return [
        line
        for table in tables
        if has_states(table) and table.name not in NOT_WAITING
        for line in find_undeclared(table)
    ]


def test_each_state_of_each_table_declares_what_it_waits_for() -> None:
    assert find_all_undeclared(own_tables()) == []


def planted(*arguments: Any, **more: Any) -> sa.Table:
    columns = (sa.Column("lamp_id", sa.Uuid, primary_key=True), sa.Column("state", text_enum(Lamp)))
    return sa.Table("lamp", sa.MetaData(), *columns, *arguments, **more)


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        (planted(), ["lamp declares nothing"]),
        (planted(**track_waits(Waits({Lamp.RED: END}))), ["lamp.GREEN declares nothing"]),
        (
            planted(
                **guard_moves({Lamp.RED: {Lamp.GREEN}, Lamp.GREEN: set()}, waits=Waits({Lamp.GREEN: END}))
            ),
            ["lamp.RED declares nothing"],
        ),
        (
            planted(**track_waits(Waits(dict.fromkeys(Lamp, Owner(Role.KEMENSOS))))),
            ["lamp has no first day"],
        ),
    ],
)
def test_a_planted_state_that_declares_nothing_is_found(table: sa.Table, expected: list[str]) -> None:
    assert find_all_undeclared(iter([table])) == expected


def test_a_planted_worklist_that_declares_nothing_is_found() -> None:
    columns = (sa.Column("row_id", sa.Uuid, primary_key=True), sa.Column("done_at", sa.DateTime))
    index = sa.Index("ix_open", "row_id", postgresql_where=sa.text("done_at IS NULL"))
    assert find_all_undeclared(iter([sa.Table("errand", sa.MetaData(), *columns, index)])) == [
        "errand declares nothing"
    ]


def state_enums() -> Iterator[type[StrEnum]]:
    """Yield the enums of states that the models of the services declare."""
    for service in SERVICES:
        package = importlib.import_module(f"services.{service}")
        for place in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if ".models" in place.name:
                for value in vars(importlib.import_module(place.name)).values():
                    if is_enum(value) and value.__name__.endswith(STATE_ENUMS):
                        yield value


def all_waits() -> list[Waits]:
    return [table.info["waits"] for table in own_tables() if "waits" in table.info]


def test_each_enum_of_states_belongs_to_a_table_that_declares_them() -> None:
    declared = {type(state) for waits in all_waits() for state in waits.states}
    enums = {*state_enums()}
    assert len(enums) > len(SERVICES)
    assert {one.__name__ for one in enums - declared} == NO_STATES.keys()


def test_what_covers_or_watches_a_state_exists() -> None:
    waiting = {table.name for table in own_tables() if "waits" in table.info}
    waits: list[Any] = [wait for one in all_waits() for wait in one.states.values()]
    places = {wait.place for wait in waits if isinstance(wait, CoveredBy)}
    assert places - waiting - {*SERVICES} == set()
    importlib.import_module("services.referral.metrics")
    metrics = {wait.metric for wait in waits if isinstance(wait, WatchedBy)}
    served = {metric.name.removeprefix("pilar_") for metric in telemetry.registry.collect()}
    assert metrics - served == set()
    documented = OPERATIONS.read_text("utf-8")
    assert {metric for metric in metrics if f"`{metric}" not in documented} == set()


@pytest.mark.parametrize("service", SERVICES)
async def test_each_declared_expression_runs_on_the_tables(cluster: Cluster, service: str) -> None:
    tables = find_waiting_tables(metadata_of(service))
    assert tables
    rules = Rules([Rule("*", "*", None, 14, [])])
    database = await asyncio.to_thread(asyncio.run, cluster.clone(service))
    connection = await asyncpg.connect(cluster.address(database))
    try:
        for table in tables:
            await connection.fetch(table.select_waiting(rules))
    finally:
        await connection.close()
        await cluster.drop(database)


def test_all_that_waits_is_published_by_name() -> None:
    tables = [one for service in SERVICES for one in find_waiting_tables(metadata_of(service))]
    assert {one.kind for one in tables} == {*WaitingKind}
    assert {state for one in tables for state in one.waiting} == {*WaitingState}
