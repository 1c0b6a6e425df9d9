"""Row security checks a pendamping's family once in a transaction that only reads."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from tests.factories.caseload.hand_over import import_families
from tests.factories.caseload.intake import OTHER, PENDAMPING
from tests.factories.services import Running, open_scope

TABLES = ("kpm", "kpm_no_kk", "kpm_anggota", "komponen", "kepesertaan", "dampingan", "kpm_history", "sealing")
OPEN_ENDED = "UPDATE dampingan SET valid = daterange('2020-01-01', NULL)"
END = "UPDATE dampingan SET valid = daterange('2020-01-01', '2020-02-01')"


@pytest.fixture
async def connection(kendal_caseload: Running) -> AsyncIterator[asyncpg.Connection]:
    """A connection of the api role, with three families of S."""
    await import_families(kendal_caseload, 3)
    await kendal_caseload.execute(OPEN_ENDED)
    opened = await asyncpg.connect(kendal_caseload.settings.database_url)
    yield opened
    await opened.close()


@asynccontextmanager
async def open_transaction(connection: asyncpg.Connection, *, read_only: bool) -> AsyncIterator[None]:
    """Open a transaction of S, as a request does."""
    async with connection.transaction(readonly=read_only):
        await open_scope_of(connection, str(PENDAMPING))
        yield


async def open_scope_of(connection: asyncpg.Connection, pendamping: str, areas: str = "33.24") -> None:
    await open_scope(connection, areas=areas, scope="OWN_FAMILIES", pendamping=pendamping)


async def count_rows(connection: asyncpg.Connection) -> dict[str, int]:
    return {table: await connection.fetchval(f"SELECT count(*) FROM {table}") for table in TABLES}


async def test_a_read_sees_the_same_rows_as_a_command(connection: asyncpg.Connection) -> None:
    async with open_transaction(connection, read_only=False):
        expected = await count_rows(connection)
    async with open_transaction(connection, read_only=True):
        assert [await count_rows(connection), await count_rows(connection)] == [expected] * 2
    assert expected["kpm"] == 3
    assert await count_rows(connection) == dict.fromkeys(TABLES, 0)


async def test_dampingan_that_ended_or_is_anothers_shows_no_family(
    kendal_caseload: Running, connection: asyncpg.Connection
) -> None:
    ended, others, own = await kendal_caseload.sql("SELECT dampingan_id AS id FROM dampingan ORDER BY 1")
    await kendal_caseload.execute(f"{END} WHERE dampingan_id = '{ended['id']}'")
    moved = f"UPDATE dampingan SET pendamping_id = '{OTHER}' WHERE dampingan_id = '{others['id']}'"
    await kendal_caseload.execute(moved)
    for read_only in (True, False):
        async with open_transaction(connection, read_only=read_only):
            shown = await connection.fetch("SELECT dampingan_id AS id FROM dampingan")
            assert shown == [own]
            assert await connection.fetchval("SELECT count(*) FROM kpm") == 1


async def test_dampingan_answers_for_its_own_family(connection: asyncpg.Connection) -> None:
    scans = "SELECT idx_scan + seq_scan FROM pg_stat_xact_user_tables WHERE relname = 'dampingan'"
    async with open_transaction(connection, read_only=True):
        assert await connection.fetchval("SELECT count(*) FROM dampingan") == 3
        assert await connection.fetchval(scans) == 1


async def test_a_read_checks_a_family_once(kendal_caseload: Running, connection: asyncpg.Connection) -> None:
    kpm_id = await kendal_caseload.sql("SELECT min(kpm_id::text)::uuid AS kpm_id FROM kpm")
    one = f"SELECT count(*) FROM kpm_anggota WHERE kpm_id = '{kpm_id[0]['kpm_id']}'"
    async with open_transaction(connection, read_only=True):
        assert await connection.fetchval(one) == 1
        await kendal_caseload.execute(END)
        assert await connection.fetchval(one) == 1
    async with open_transaction(connection, read_only=True):
        assert await connection.fetchval(one) == 0


async def test_a_command_checks_a_family_again(connection: asyncpg.Connection) -> None:
    async with open_transaction(connection, read_only=False):
        assert (await count_rows(connection))["kpm"] == 3
        await connection.execute(END)
        assert await count_rows(connection) == dict.fromkeys(TABLES, 0)


async def test_a_checked_family_is_hidden_in_another_scope(connection: asyncpg.Connection) -> None:
    async with open_transaction(connection, read_only=True):
        assert (await count_rows(connection))["kpm"] == 3
        for pendamping, areas in ((str(OTHER), "33.24"), ("", "33.24"), (str(PENDAMPING), "33.25")):
            await open_scope_of(connection, pendamping, areas)
            assert await count_rows(connection) == dict.fromkeys(TABLES, 0)
