"""Which transactions have written the rows of a service, and when they end."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx
from starlette.types import Message, Receive, Scope, Send

from tests.factories.services import Running

EVENT_AND_ANSWER = ("platform.outbox", "platform.unsent", "platform.stream", "platform.idempotency")
"""The tables of an event and of the answer under an Idempotency-Key."""
# Without the uploads of papers and the reads before, which are requests of their own.
TABLES = """
SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname IN ('public', 'platform')
    AND tablename NOT LIKE ALL (ARRAY['file%', 'audit_%'])
"""


@asynccontextmanager
async def one_transaction(service: Running, *tables: str) -> AsyncIterator[None]:
    """Assert that all rows written inside are of one transaction.

    Some of them must be of each of `tables`.
    """
    (before,) = await service.sql("SELECT pg_current_xact_id()::xid::text AS id")
    yield
    written: dict[str, set[str]] = {}
    for table in await service.sql(TABLES):
        rows = await service.sql(
            f"SELECT DISTINCT xmin::text AS id FROM {table['name']} WHERE xmin::text::bigint > $1",
            int(before["id"]),
        )
        if rows:
            written[table["name"].removeprefix("public.")] = {row["id"] for row in rows}
    assert not set(tables) - written.keys(), "nothing was written there"
    assert len(set().union(*written.values())) == 1, written


def watched(service: Running, token: str, at_body: Callable[[], Awaitable[None]]) -> httpx.AsyncClient:
    """Return a client that awaits `at_body` before the body of an answer leaves."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        async def watch(message: Message) -> None:
            if message["type"] == "http.response.body":
                await at_body()
            await send(message)

        await service.app(scope, receive, watch)

    headers = {"Authorization": f"Bearer {token}"}
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test", headers=headers)
