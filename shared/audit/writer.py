"""Writes entries of reads and refusals, committed before the answer leaves."""

import asyncio
import time
from datetime import UTC, datetime
from typing import cast

import asyncpg
import structlog
from uuid_utils.compat import uuid7

from shared.audit.chain import AuditKeys
from shared.audit.entries import DATABASE_CLOCK, INSERT, Entry
from shared.errors import DomainError
from shared.remedies import WAIT

WRITE_SECONDS = 2.0
"""After this time without a commit the request is answered 503."""
CONNECT_SECONDS = 2
CLOCK_SECONDS = 60.0
MOST_ENTRIES = 500
"""In one transaction."""
TRIES = 2
log = structlog.get_logger()


class AuditUnavailable(DomainError):
    """503: the access could not be recorded, so nothing is shown or stored."""

    status = 503
    en = "The access could not be recorded, so nothing is shown or stored. Repeat the same request."
    id = "Akses tidak dapat dicatat, sehingga tidak ada yang ditampilkan atau disimpan. Ulangi permintaan yang sama."
    remedy = WAIT
    retry_after = 2


class DatabaseClock:
    """The clock of the database, compared with this machine's once a minute."""

    def __init__(self) -> None:
        self._offset, self._valid_until = 0.0, 0.0

    async def read(self, connection: asyncpg.Connection) -> datetime:
        """Return the time of the database."""
        if time.monotonic() >= self._valid_until:
            before = time.time()
            at = cast("datetime", await connection.fetchval(DATABASE_CLOCK, timeout=WRITE_SECONDS))
            self._offset = at.timestamp() - (before + time.time()) / 2
            self._valid_until = time.monotonic() + CLOCK_SECONDS
        return datetime.fromtimestamp(time.time() + self._offset, UTC)


class AuditWriter:
    """Gathers the entries of concurrent requests into one transaction on a connection of its own.

    While one is committed, the next entries gather. Entries of one writer are numbered without gaps, so that a missing
    one is noticed.
    """

    def __init__(self, url: str, keys: AuditKeys, service: str) -> None:
        """Set up a writer, which connects with its first entry."""
        self.keys = keys
        self._url, self._service = url, service
        self._connection: asyncpg.Connection | None = None
        self._waiting: list[tuple[Entry, asyncio.Future[None]]] = []
        self._writing: asyncio.Task[None] | None = None
        self.clock = DatabaseClock()
        self._writer_id, self._number = uuid7(), 0

    async def write(self, entry: Entry) -> None:
        """Return when the entry is committed.

        Raises:
            AuditUnavailable: it could not be written in time.
        """
        try:
            async with asyncio.timeout(WRITE_SECONDS):
                await self.enqueue(entry)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            log.warning("audit_not_written", act=entry.act, error=type(error).__name__)
            raise AuditUnavailable from error

    def enqueue(self, entry: Entry) -> asyncio.Future[None]:
        """Return a future that is done when the entry is committed."""
        future = asyncio.get_running_loop().create_future()
        # A refusal does not wait for its entry, and nobody may read the failure.
        future.add_done_callback(lambda done: done.cancelled() or done.exception())
        self._waiting.append((entry, future))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_all())
        return future

    async def close(self) -> None:
        """Write what waits, and close the connection."""
        if self._writing is not None:
            await asyncio.wait({self._writing}, timeout=WRITE_SECONDS)
        if self._connection is not None:
            self._connection.terminate()

    async def _write_all(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:MOST_ENTRIES], self._waiting[MOST_ENTRIES:]
            # Whoever waited too long has been answered 503 and read nothing.
            batch = [(entry, future) for entry, future in batch if not future.done()]
            error = await self._write_batch([entry for entry, _ in batch]) if batch else None
            for _, future in batch:
                if not future.done() and error is None:
                    future.set_result(None)
                elif not future.done() and error is not None:
                    future.set_exception(error)

    async def _write_batch(self, entries: list[Entry]) -> Exception | None:
        rows: list[tuple[object, ...]] = []
        error: Exception | None = None
        for _ in range(TRIES):
            try:
                connection = await self._connect()
                rows = rows or self._rows(entries, await self.clock.read(connection))
                # Fast path: many entries share one round trip and one COMMIT (bench: audit).
                await connection.executemany(INSERT, rows, timeout=WRITE_SECONDS)
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as failure:
                # A repeated row has the same key, so it is written once even if the first COMMIT arrived.
                error = failure
                await self._disconnect()
            else:
                self._number += len(entries)
                return None
        # It is not known whether the numbers are used.
        self._writer_id, self._number = uuid7(), 0
        return error

    def _rows(self, entries: list[Entry], at: datetime) -> list[tuple[object, ...]]:
        numbers = range(self._number + 1, self._number + len(entries) + 1)
        places = [(self._writer_id, number) for number in numbers]
        return [entry.to_row(self.keys, at, place) for entry, place in zip(entries, places, strict=True)]

    async def _connect(self) -> asyncpg.Connection:
        if self._connection is None or self._connection.is_closed():
            limits = {"statement_timeout": "2000", "lock_timeout": "1500", "jit": "off"}
            name = f"pilar-{self._service}-audit"
            connection = await asyncpg.connect(
                self._url, timeout=CONNECT_SECONDS, server_settings={"application_name": name, **limits}
            )
            self._connection = cast("asyncpg.Connection", connection)
        return self._connection

    async def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
        self._connection = None
