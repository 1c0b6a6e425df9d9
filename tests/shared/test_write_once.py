"""`write_once` stores the same row as the ORM's insert."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import asyncpg
import pytest
import sqlalchemy as sa
from asyncpg.pgproto.pgproto import UUID as DriversUuid  # noqa: N811
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from shared.database import (
    COLUMN_TYPES,
    Database,
    constraint_of,
    service_metadata,
    text_enum,
    uuid7,
    write_once,
)


class State(StrEnum):
    OPEN = "OPEN"
    SHUT = "SHUT"


class OnceTable(DeclarativeBase):
    metadata = service_metadata()
    type_annotation_map = COLUMN_TYPES


class Once(OnceTable):
    __tablename__ = "once"
    once_id: Mapped[UUID] = mapped_column(primary_key=True)
    state: Mapped[State] = mapped_column(text_enum(State))
    code: Mapped[str] = mapped_column(sa.Text(collation="C"))
    on: Mapped[date | None]
    at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB)
    kept: Mapped[bool] = mapped_column(server_default=sa.true())


MAKE = """
CREATE TABLE once (once_id uuid PRIMARY KEY, state text NOT NULL CONSTRAINT ck_once_state CHECK (state IN ('OPEN', 'SHUT')),
    code text COLLATE "C" NOT NULL, "on" date, at timestamptz NOT NULL, facts jsonb NOT NULL, kept bool NOT NULL DEFAULT true);
GRANT SELECT, INSERT ON once TO platform_api
"""


@pytest.fixture(autouse=True)
async def table(owner: asyncpg.Connection) -> AsyncIterator[None]:
    await owner.execute(MAKE)
    yield
    await owner.execute("DROP TABLE once")


def build_row(**changes: object) -> dict[str, object]:
    defaults: dict[str, object] = {
        "once_id": DriversUuid(str(uuid7())),
        "state": State.OPEN,
        "code": 'a "quoted" \\ text, Kab. Kendal\'s',
        "on": date(2026, 5, 18),
        "at": datetime(2026, 5, 18, 1, 2, 3, 456789, tzinfo=UTC),
        "facts": {"proposed": {"on": "2026-05-18", "none": None}},
    }
    return defaults | changes


async def test_stores_the_given_values(database: Database) -> None:
    row = build_row()
    async with database.transaction() as session:
        assert await write_once(session, Once, row)
        kept = await session.get_one(Once, row["once_id"])
        assert {name: getattr(kept, name) for name in row} == row
        assert kept.kept
        assert await write_once(session, Once, nothing := build_row(on=None))
        assert (await session.get_one(Once, nothing["once_id"])).on is None


async def test_does_not_change_an_existing_row(database: Database) -> None:
    row = build_row()
    async with database.transaction() as session:
        session.add(Once(**row))  # not written yet: what the ORM holds back goes first
        assert not await write_once(session, Once, row | {"state": State.SHUT})
        await session.flush()
        assert await session.scalar(sa.select(Once.state)) is State.OPEN


async def test_names_the_violated_constraint(database: Database) -> None:
    with pytest.raises(DBAPIError) as refused:
        async with database.transaction() as session:
            await write_once(session, Once, build_row(state="LOST"))
    assert constraint_of(refused.value) == "ck_once_state"
