"""Traps of SQLModel that the base of tables avoids."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

import asyncpg
import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from pydantic import TypeAdapter, ValidationError
from sqlalchemy.dialects import postgresql
from sqlmodel import Field

from shared.contracts.kinds import Ditjen
from shared.database import Database, insert, load, upsert, uuid7, write, write_once
from shared.database.tables import Col, Columns, service_registry
from shared.errors import NotFound
from tests.factories.place_table import (
    Place,
    PlaceCopy,
    PlaceStart,
    PlaceView,
    State,
    Table,
    build_place,
    ddl,
)


def column(table: type[Columns], name: str) -> str:
    kind = table.__table__.c[name].type
    return kind.compile(postgresql.dialect())


def test_a_type_in_the_annotation_is_kept_beside_a_field_and_in_a_union() -> None:
    assert column(Place, "code") == column(Place, "parent") == 'TEXT COLLATE "C"'
    assert [index.name for index in Place.__table__.indexes] == ["ix_place_code"]
    assert Place.__table__.c.parent.nullable
    assert not Place.__table__.c.code.nullable


def test_a_type_in_a_field_is_refused_because_sqlmodel_may_lose_it() -> None:
    with pytest.raises(TypeError, match="annotation"):

        class Lost(Table):
            code: str = Field(sa_type=sa.Text)


def test_columns_take_their_type_from_the_annotation() -> None:
    columns = {name: column(Place, name) for name in Place.model_fields}
    assert columns == {
        "code": 'TEXT COLLATE "C"',
        "name": "TEXT",
        "ditjen": "VARCHAR(40)",
        "valid_from": "DATE",
        "parent": 'TEXT COLLATE "C"',
        "place_id": "UUID",
        "state": "VARCHAR(40)",
        "version": "INTEGER",
        "before": "VARCHAR(40)",
        "at": "TIMESTAMP WITH TIME ZONE",
        "note": "TEXT",
        "facts": "JSONB",
        "names": "TEXT[]",
        "months": "INTEGER[]",
        "states": "TEXT[]",
        "side": "TEXT",
        "recorded_at": "TIMESTAMP WITH TIME ZONE",
    }


def test_an_enum_is_text_with_a_check_of_its_values() -> None:
    assert "ck_place_ditjen_known CHECK (ditjen = ANY ('{LINJAMSOS,REHSOS,DAYASOS}'::text[]))" in ddl(Place)
    assert "CHECK (state = ANY ('{open,shut}'::text[]))" in ddl(Place)


def test_the_second_column_of_an_enum_has_a_check_of_its_own_name() -> None:
    assert "CONSTRAINT ck_place_state_known CHECK (state" in ddl(Place)
    assert "CONSTRAINT ck_place_before_known CHECK (before" in ddl(Place)


def test_a_replica_may_store_unknown_and_an_own_table_may_not() -> None:
    assert ",DAYASOS,UNKNOWN}'" in ddl(PlaceCopy)
    assert "UNKNOWN" not in ddl(Place)


def test_the_name_of_a_table_is_that_of_its_class() -> None:
    assert PlaceCopy.__table__.key == "replica_place.place_copy"


def test_two_services_may_have_a_table_of_one_name() -> None:
    class Other(Columns, registry=service_registry()):
        pass

    class Same(PlaceView, Other, table=True):
        __tablename__ = "place"

    assert Same.__table__.metadata is not Place.__table__.metadata
    assert Same.__table__.name == Place.__table__.name


def test_a_subclass_of_a_table_is_no_table() -> None:
    before = set(Place.__table__.metadata.tables)

    class PlaceAgain(Place):
        pass

    assert set(Place.__table__.metadata.tables) == before


def test_a_constructor_refuses_unknown_names() -> None:
    with pytest.raises(TypeError, match="typo"):
        build_place(typo=1)


def test_rows_are_compared_by_identity() -> None:
    row = build_place()
    twin = build_place(place_id=row.place_id)
    assert row != twin
    assert len({row, twin}) == 2


def test_a_row_shows_no_value_in_a_log() -> None:
    assert "longer" not in f"{build_place()!r} {build_place()}"


def test_a_constraint_against_overlaps_is_declared_in_one_line() -> None:
    expected = (
        "CONSTRAINT ex_place_range EXCLUDE USING gist (code WITH =, daterange(valid_from, NULL) WITH &&)"
    )
    assert expected in ddl(Place)


def test_a_request_refuses_unknown_fields() -> None:
    terms = {"code": "33", "name": "Desa", "ditjen": "REHSOS", "valid_from": "2026-05-18"}
    assert PlaceStart.model_validate(terms).ditjen is Ditjen.REHSOS
    for other in ("__pydantic_self__", "place_id", "typo"):
        with pytest.raises(ValidationError, match="extra_forbidden"):
            TypeAdapter(PlaceStart).validate_python(terms | {other: 1})
    with pytest.raises(ValidationError, match="frozen"):
        PlaceStart.model_validate(terms).code = "34"
    with pytest.raises(ValidationError, match="enum"):
        PlaceStart.model_validate(terms | {"ditjen": "UNKNOWN"})


def test_a_request_has_bounds_and_examples_and_an_answer_has_neither() -> None:
    asked = PlaceStart.model_json_schema(mode="validation")["properties"]
    shown = PlaceView.model_json_schema(mode="serialization")
    assert asked["name"] == {
        "title": "Name",
        "type": "string",
        "minLength": 1,
        "maxLength": 5,
        "examples": ["Desa"],
    }
    assert shown["properties"]["name"] == {"title": "Name", "type": "string"}
    assert shown["properties"]["valid_from"] == {"title": "Valid From", "type": "string", "format": "date"}
    assert asked["ditjen"]["enum"] == ["LINJAMSOS", "REHSOS", "DAYASOS"]
    assert shown["properties"]["ditjen"] == {"$ref": "#/$defs/Ditjen"}
    assert asked["parent"]["description"] == "The place above"


def test_an_answer_has_every_field_also_those_with_a_default() -> None:
    shown = PlaceView.model_json_schema(mode="serialization")
    assert set(shown["required"]) == set(PlaceView.model_fields)
    assert "default" not in shown["properties"]["version"]
    assert "parent" not in PlaceStart.model_json_schema(mode="validation")["required"]


async def test_a_route_shows_of_a_row_what_the_view_has_even_if_it_is_older_than_a_bound() -> None:
    app, row = FastAPI(), build_place()

    @app.get("/place")
    async def read() -> PlaceView:
        return row

    async with AsyncClient(transport=ASGITransport(app), base_url="http://here") as client:
        answer = await client.get("/place")
    assert answer.status_code == 200
    assert answer.json() == {
        "code": "33",
        "name": "longer than asked",
        "ditjen": "REHSOS",
        "valid_from": "2026-05-18",
        "parent": None,
        "place_id": str(row.place_id),
        "state": "open",
        "version": 1,
    }


def test_conditions_select_typed_columns() -> None:
    statement = sa.select(Place.code, Place.valid_from).where(
        Place.state == State.SHUT, Place.parent.is_(None)
    )
    compiled = statement.compile(dialect=postgresql.dialect())
    assert compiled.params == {"state_1": State.SHUT}


@pytest.fixture
async def tables(owner: asyncpg.Connection) -> AsyncIterator[None]:
    await owner.execute(f"CREATE EXTENSION IF NOT EXISTS btree_gist; {ddl(Place)}")
    await owner.execute("GRANT SELECT, INSERT, UPDATE ON place TO platform_api")
    yield
    await owner.execute("DROP TABLE place")


@pytest.mark.usefixtures("tables")
async def test_every_way_of_writing_stores_the_same_row(database: Database) -> None:
    by_insert, by_write, by_key = build_place(), build_place(code="34"), build_place(code="35")
    values = {name: value for name, value in by_key.model_dump().items() if name != "recorded_at"}
    async with database.transaction() as session:
        await insert(session, by_insert)
        await write(session, by_write)
        await write_once(session, Place, values | {"place_id": uuid7(), "code": "36"})
        await upsert(session, Place, [values], key=["place_id"])
    async with database.transaction() as session:
        rows = (await session.scalars(sa.select(Place).order_by(Place.code))).all()
        assert [row.code for row in rows] == ["33", "34", "35", "36"]
        for row in rows:
            assert row.states == [State.SHUT]
            assert row.ditjen is Ditjen.REHSOS
            assert (row.facts, row.names, row.months) == ({"a": [1]}, ["x"], [3, 6])
            assert row.recorded_at.tzinfo is not None
            assert row.before is None
        condition = sa.literal("shut") == sa.any_(Place.states)
        assert await session.scalar(sa.select(sa.func.count()).where(condition).select_from(Place)) == 4


@pytest.mark.usefixtures("tables")
async def test_an_upsert_stores_what_an_insert_stores(database: Database) -> None:
    """Texts, lists and JSON keep every character, and missing values become NULL."""
    changes: dict[str, Any] = {
        "name": 'a "b"\n[c] {d}\\ é\t\u0001',
        "names": ['"', "[c]", "{d},e", "\\", "", "null", "é\n\u0001"],
        "facts": {"a": [None, "\u0001", 1.5, True, {"b": "null"}], "c": None},
        "months": [],
        "before": State.SHUT,
    }
    by_insert = build_place(**changes)
    other = {"place_id": uuid7(), "code": "34"}
    values = {name: value for name, value in by_insert.model_dump().items() if name != "note"}
    async with database.transaction() as session:
        await insert(session, by_insert)
        values["recorded_at"] = by_insert.recorded_at
        await upsert(session, Place, [values | other], key=["place_id"], columns=[*values, "note"])
    async with database.transaction() as session:
        first, second = (await session.scalars(sa.select(Place).order_by(Place.code))).all()
        assert second.model_dump() == first.model_dump() | other
    with pytest.raises(asyncpg.StringDataRightTruncationError):
        async with database.transaction() as session:
            await upsert(session, Place, [values | {"ditjen": "x" * 41}], key=["place_id"])


@pytest.mark.usefixtures("tables")
async def test_a_change_of_a_loaded_row_is_stored(database: Database) -> None:
    row = build_place()
    async with database.transaction() as session:
        await insert(session, row)
        with pytest.raises(NotFound):
            await load(session, Place, uuid7())
    async with database.transaction() as session:
        loaded = await load(session, Place, row.place_id)
        loaded.version, loaded.state = 2, State.SHUT
    async with database.transaction() as session:
        loaded = await session.get_one(Place, row.place_id)
        assert (loaded.version, loaded.state) == (2, State.SHUT)


def test_a_column_may_have_any_type_of_sqlalchemy() -> None:
    class Money(Table, table=True):
        money_id: Col[Annotated[int, sa.BigInteger()]] = Field(
            default=None, primary_key=True, sa_column_args=[sa.Identity(always=True)]
        )
        amount: Col[Annotated[int, sa.BigInteger()]]
        done: Col[bool] = Field(default=None, sa_column_args=[sa.Computed("amount > 0", persisted=True)])

    assert "money_id BIGINT GENERATED ALWAYS AS IDENTITY" in ddl(Money)
    assert "done BOOLEAN GENERATED ALWAYS AS (amount > 0) STORED" in ddl(Money)
