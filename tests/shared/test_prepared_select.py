"""A `PreparedSelect` reads the same values as a query of the session."""

from collections.abc import AsyncIterator
from datetime import date

import asyncpg
import pytest
import sqlalchemy as sa

from shared.database import Database, PreparedSelect, any_of, attach, placeholder, raw
from tests.factories.place_table import Place, State, build_place, ddl

STARTED = sa.select(Place).where(Place.valid_from <= placeholder(1, sa.Date()), Place.state == State.OPEN)
ONE = sa.select(Place).where(Place.place_id == any_of(1, sa.Uuid()))
ON = date(2026, 5, 18)


@pytest.fixture(autouse=True)
async def table(owner: asyncpg.Connection) -> AsyncIterator[None]:
    await owner.execute(f"{ddl(Place)}; GRANT SELECT, INSERT, UPDATE ON place TO platform_api")
    yield
    await owner.execute("DROP TABLE place")


async def test_reads_the_same_values_as_the_session(database: Database) -> None:
    async with database.transaction() as session:
        session.add_all([build_place(), build_place(code="34", state=State.SHUT, before=State.OPEN)])
        await session.flush()
        ids = list(await session.scalars(sa.select(Place.place_id)))
        rows = {row.place_id: row._asdict() for row in await PreparedSelect(ONE).fetch(session, ids)}
        session.expunge_all()
        places = list(await session.scalars(sa.select(Place)))
        assert rows == {
            one.place_id: {name: getattr(one, name) for name in rows[one.place_id]} for one in places
        }
        assert isinstance(rows[ids[0]]["state"], State)


async def test_reads_what_the_session_has_not_written_yet(database: Database) -> None:
    statement = PreparedSelect(STARTED)
    async with database.transaction() as session:
        place = build_place()
        session.add(place)
        assert [row.name for row in await statement.fetch(session, ON)] == [place.name]
        place.state = State.SHUT
        assert await statement.fetch(session, ON) == []


async def test_an_attached_row_is_the_session_s_own(database: Database) -> None:
    place, statement = build_place(), PreparedSelect(ONE)
    async with database.transaction() as session:
        session.add(place)
    async with database.transaction() as session:
        (row,) = await statement.fetch(session, [place.place_id])
        attached = attach(session, Place, row._asdict())
        assert await session.get(Place, place.place_id) is attached
        assert not session.dirty
        attached.version = 2
        (changed,) = await statement.fetch(session, [place.place_id])
        assert changed.version == 2
        assert attach(session, Place, row._asdict()) is attached
        assert attached.version == 1


async def test_the_plan_for_a_list_of_ids_is_kept(database: Database, owner: asyncpg.Connection) -> None:
    place, statement = build_place(), PreparedSelect(ONE)
    async with database.transaction() as session:
        session.add(place)
    # In a small table PostgreSQL keeps the plan of any list.
    await owner.execute(
        "INSERT INTO place SELECT (jsonb_populate_record(p, jsonb_build_object('place_id', uuidv7(), 'code', n))).*"
        " FROM place p, generate_series(100, 5000) n; ANALYZE place"
    )
    async with database.transaction() as session:
        for _ in range(9):
            assert len(await statement.fetch(session, [place.place_id])) == 1
        plans = await (await raw(session)).fetchrow(
            "SELECT custom_plans, generic_plans FROM pg_prepared_statements WHERE statement = $1",
            statement.sql,
        )
    # PostgreSQL always plans the first five executions for their values.
    assert plans is not None
    assert tuple(plans) == (5, 4)
