"""A table with its view, request and replica, as a service declares them."""

from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

import sqlalchemy as sa
from pydantic import StringConstraints
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable
from sqlmodel import Field

from shared.contracts.kinds import Ditjen
from shared.database import uuid7
from shared.database.tables import Col, Columns, Fields, no_overlap, service_registry
from shared.fields import KNOWN, Body, Day, RequestOnly

Sorted = Annotated[str, sa.Text(collation="C")]


class State(StrEnum):
    OPEN = "open"
    SHUT = "shut"


class Table(Columns, registry=service_registry()):
    pass


class PlaceTerms(Fields):
    """Where something is, and when."""

    code: Col[Sorted] = Field(index=True)
    name: Col[Annotated[str, StringConstraints(min_length=1, max_length=5), RequestOnly("Desa")]]
    ditjen: Col[Annotated[Ditjen, KNOWN]]
    valid_from: Col[Day]
    parent: Col[Sorted | None] = Field(default=None, description="The place above")


class PlaceView(PlaceTerms):
    """A place."""

    place_id: Col[UUID] = Field(primary_key=True)
    state: Col[State]
    version: Col[int] = Field(default=1)


class Place(PlaceView, Table, table=True):
    __table_args__ = (no_overlap("ex_place_range", "code", of="daterange(valid_from, NULL)"),)

    before: Col[State | None] = Field(default=None)
    at: Col[datetime]
    note: Col[Annotated[str, StringConstraints(max_length=9)] | None] = Field(default=None)
    facts: Col[dict[str, Any]]
    names: Col[list[str]]
    months: Col[list[int]]
    states: Col[list[State]]
    side: Col[Literal["A", "B"]]
    recorded_at: Col[datetime] = Field(
        default=None, sa_column_kwargs={"server_default": sa.func.clock_timestamp()}
    )


class PlaceCopy(PlaceView, Table, table=True):
    __table_args__ = ({"schema": "replica_place"},)


class PlaceStart(PlaceTerms, Body):
    """A request for a place."""


def build_place(**changes: Any) -> Place:
    values: dict[str, Any] = {
        "place_id": uuid7(),
        "code": "33",
        "name": "longer than asked",
        "ditjen": Ditjen.REHSOS,
        "valid_from": date(2026, 5, 18),
        "state": State.OPEN,
        "at": datetime(2026, 5, 18, tzinfo=UTC),
        "facts": {"a": [1]},
        "names": ["x"],
        "months": [3, 6],
        "states": [State.SHUT],
        "side": "A",
    }
    return Place(**(values | changes))


def ddl(table: type[Columns]) -> str:
    return str(CreateTable(table.__table__).compile(dialect=postgresql.dialect()))
