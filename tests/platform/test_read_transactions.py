"""A GET's transaction only reads. It begins and ends while the request goes on."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from services.caseload.family.models import AgeRule
from shared.access import Actor
from shared.contracts.caseload import KpmUpdated
from shared.database import Database, sqlstate_of
from shared.messaging import emit
from tests.factories.caseload.intake import dinsos_token
from tests.factories.cluster import Cluster
from tests.factories.services import Running, run_service
from tests.factories.transactions import watched

READ_ONLY = "25006"


@pytest.fixture
async def caseload(cluster: Cluster) -> AsyncIterator[Running]:
    """Caseload with one connection, so that each request uses that of the one before."""
    async with run_service(cluster, "caseload", pool_size=1) as service:
        yield service


async def scope_of_next_use(database: Database) -> str | None:
    """Wait until the only connection is returned, and read the scope that it has."""
    async with asyncio.timeout(5), database.engine.connect() as connection:
        row = await connection.execute(sa.text("SELECT current_setting('pilar.scope', true)"))
        return row.scalar_one()


async def test_answer_of_a_read_leaves_before_its_transaction_ends(caseload: Running) -> None:
    pool: Any = caseload.database.engine.pool
    in_use: list[int] = []

    async def count() -> None:
        in_use.append(pool.checkedout())

    async with watched(caseload, dinsos_token(caseload), count) as client:
        # Without personal data, so that it does not wait for its audit entry.
        assert (await client.get("/v1/p2k2-materi")).status_code == 200
        assert in_use == [1]
        assert not await scope_of_next_use(caseload.database)
        in_use.clear()
        assert (await client.post("/v1/kpm/look-up", json={})).status_code == 422
        assert in_use == [0]


async def test_caller_goes_on_while_a_read_begins(caseload: Running) -> None:
    async with caseload.database.read(Actor.system("caseload")) as opening:
        assert not opening.done()
        session = await opening
        assert await session.scalar(sa.text("SELECT current_setting('pilar.scope')")) == "NATIONAL"


async def test_one_client_uses_one_connection(caseload: Running) -> None:
    database = Database(caseload.database.url, service="caseload", pool_size=5)
    for _ in range(20):
        async with database.read(Actor.system("caseload")):
            pass
    pool: Any = database.engine.pool
    assert pool.checkedin() + pool.checkedout() == 1
    await database.close()


async def test_connection_returns_without_scope_after_a_refusal(caseload: Running) -> None:
    answer = await caseload.get(f"/v1/kpm/{uuid4()}", as_=dinsos_token(caseload))
    assert answer.status_code == 404
    assert not await scope_of_next_use(caseload.database)


async def test_connection_returns_without_scope_if_a_parameter_is_refused(caseload: Running) -> None:
    answer = await caseload.get("/v1/kpm/1", as_=dinsos_token(caseload))
    assert answer.status_code == 422
    assert not await scope_of_next_use(caseload.database)


async def test_connection_returns_without_scope_if_a_read_is_cancelled_as_it_begins(
    caseload: Running,
) -> None:
    async def begin() -> None:
        async with caseload.database.read(Actor.system("caseload")) as opening:
            await opening

    for turns in range(4):
        reading = asyncio.create_task(begin())
        for _ in range(turns):
            await asyncio.sleep(0)
        reading.cancel()
        with suppress(asyncio.CancelledError):
            await reading
        assert not await scope_of_next_use(caseload.database)


async def test_read_without_a_connection_is_answered_503(caseload: Running) -> None:
    async with caseload.database.engine.connect():
        answer = await caseload.get("/v1/kpm", as_=dinsos_token(caseload))
    assert (answer.status_code, answer.json()["title"]) == (503, "Busy")


async def test_connection_returns_without_scope_after_a_failed_statement(caseload: Running) -> None:
    await caseload.execute("ALTER TABLE kepesertaan RENAME TO missing")
    answer = await caseload.get("/v1/kpm", as_=dinsos_token(caseload))
    assert answer.status_code == 500
    assert not await scope_of_next_use(caseload.database)


async def test_connection_returns_without_scope_if_the_client_is_gone(caseload: Running) -> None:
    async def disconnect() -> None:
        raise ConnectionResetError

    async with watched(caseload, dinsos_token(caseload), disconnect) as client:
        with suppress(ConnectionResetError):
            await client.get("/v1/kpm")
    assert not await scope_of_next_use(caseload.database)


async def test_slow_client_does_not_hold_the_connection(caseload: Running) -> None:
    leaving, read = asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        leaving.set()
        await read.wait()

    async with watched(caseload, dinsos_token(caseload), wait) as client:
        reading = asyncio.create_task(client.get("/v1/kpm"))
        await leaving.wait()
        assert not await scope_of_next_use(caseload.database)
        read.set()
        assert (await reading).status_code == 200


async def test_connection_returns_without_scope_after_a_cancelled_read(caseload: Running) -> None:
    blocker = await asyncpg.connect(caseload.cluster.address(caseload.database_name))
    async with blocker.transaction():
        await blocker.execute("LOCK TABLE kepesertaan")
        reading = asyncio.create_task(caseload.get("/v1/kpm", as_=dinsos_token(caseload)))
        waiting = "SELECT FROM pg_locks WHERE NOT granted"
        while not await caseload.sql(waiting):  # noqa: ASYNC110 (no event to wait for)
            await asyncio.sleep(0.01)
        reading.cancel()
        with suppress(asyncio.CancelledError):
            await reading
    await blocker.close()
    assert not await scope_of_next_use(caseload.database)


async def test_connection_lost_during_a_read_is_replaced(caseload: Running) -> None:
    with suppress(DBAPIError):
        async with caseload.database.read(Actor.system("caseload")) as opening:
            session = await opening
            await session.execute(sa.text("SELECT pg_terminate_backend(pg_backend_pid())"))
    assert not await scope_of_next_use(caseload.database)


async def insert_statement(session: Any) -> None:
    await session.execute(sa.text("INSERT INTO platform.file_chunk VALUES ('', 0, '')"))


async def add_row(session: Any) -> None:
    session.add(AgeRule(version=99))


async def emit_event(session: Any) -> None:
    emit(session, KpmUpdated.model_construct(kpm_id=uuid4()))


@pytest.mark.parametrize("write", [insert_statement, add_row, emit_event])
async def test_write_in_a_read_is_refused(caseload: Running, write: Callable[[Any], Awaitable[None]]) -> None:
    with pytest.raises((DBAPIError, asyncpg.ReadOnlySQLTransactionError)) as refused:
        async with caseload.database.read(Actor.system("caseload")) as opening:
            await write(await opening)
    assert sqlstate_of(refused.value) == READ_ONLY


async def test_reads_end_before_the_database_closes(caseload: Running) -> None:
    database = Database(caseload.database.url, service="caseload", pool_size=1)
    async with database.read(Actor.system("caseload")):
        pass
    pool: Any = database.engine.pool
    await database.close()
    assert pool.checkedout() == 0
