"""docs/architecture.md#time: development may move its clock forward, production may not."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from shared import clock
from shared.contracts.caseload_activity import P2k2Held
from shared.database import Database
from shared.messaging import emit
from shared.settings import Settings


@pytest.fixture(autouse=True)
def development_mode() -> None:
    clock.configure(Settings.load_for("platform", mode="development"))


@pytest.fixture
def production_mode() -> Iterator[None]:
    sound = {"issuer": "https://id.example", "jwks_url": "https://id.example/certs", "keys_folder": "/keys"}
    clock.configure(Settings.load_for("platform", mode="production", **sound))
    yield
    clock.configure(Settings.load_for("platform", mode="development"))


A_SESSION = {
    "p2k2_sesi_id": uuid7(),
    "pendamping_id": uuid7(),
    "penugasan_id": uuid7(),
    "kode_wilayah": "33.24",
    "on": "2026-01-05",
    "invited": 20,
    "attended": 18,
}


def is_near(one: datetime, other: datetime) -> bool:
    return abs(one - other) < timedelta(seconds=5)


async def test_shows_real_time_until_it_is_set(database: Database) -> None:
    async with database.transaction() as session:
        assert is_near(await clock.now(session), datetime.now(UTC))


async def test_continues_from_where_it_was_set(database: Database) -> None:
    instant = datetime.now(UTC) + timedelta(days=200)
    async with database.transaction() as session:
        shown = await clock.set_to(session, instant)
    assert instant <= shown
    assert is_near(shown, instant)
    async with database.transaction() as session:
        assert await clock.now(session) >= instant
        assert is_near(await clock.advance(session, timedelta(days=30)), instant + timedelta(days=30))


async def emit_event(session: AsyncSession) -> None:
    emit(session, P2k2Held.model_validate(A_SESSION))


async def test_can_be_set_to_the_past_before_the_first_event(database: Database) -> None:
    beginning = datetime(2026, 3, 1, tzinfo=UTC)
    async with database.transaction() as session:
        await clock.set_to(session, beginning)
        assert is_near(await clock.now(session), beginning)


async def test_only_moves_forward_after_the_first_event(database: Database) -> None:
    async with database.transaction() as session:
        await emit_event(session)
    async with database.transaction() as session:
        await clock.advance(session, timedelta(days=10))
        with pytest.raises(clock.ClockSetBackward) as refusal:
            await clock.set_to(session, datetime.now(UTC) + timedelta(days=9))
        assert "+07:00" in refusal.value.sentence("id")
        with pytest.raises(clock.ClockSetBackward):
            await clock.advance(session, timedelta(days=-1))
        with pytest.raises(clock.ClockSetBackward):
            await clock.set_to(session, datetime(9999, 1, 1, tzinfo=UTC))


async def test_concurrent_advances_both_count(database: Database) -> None:
    async def advance_clock() -> None:
        async with database.transaction() as session:
            await clock.advance(session, timedelta(days=1))

    await asyncio.gather(*(advance_clock() for _ in range(4)))
    async with database.transaction() as session:
        assert is_near(await clock.now(session), datetime.now(UTC) + timedelta(days=4))


async def test_dates_are_those_of_jakarta(database: Database) -> None:
    evening = (datetime.now(UTC) + timedelta(days=3)).replace(hour=17, minute=30)
    async with database.transaction() as session:
        await clock.set_to(session, evening)
        assert await clock.today(session) == evening.date() + timedelta(days=1)


@pytest.mark.usefixtures("production_mode")
async def test_cannot_be_set_in_production_even_by_an_old_row(database: Database, owner: Any) -> None:
    await owner.execute("UPDATE platform.business_clock SET offset_seconds = 86400 * 365")
    async with database.transaction() as session:
        assert is_near(await clock.now(session), datetime.now(UTC))
        with pytest.raises(clock.ClockNotSettable):
            await clock.set_to(session, datetime.now(UTC) + timedelta(days=1))
