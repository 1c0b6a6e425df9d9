"""Writes the audit trail of each service as JSON lines, for an auditor."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg
import orjson

START = (0, "00000000-0000-0000-0000-000000000000")
BLOCKS = """
SELECT block_no, closed_at, first_at, last_at, entry_count, last_transaction_id, last_audit_id, entry_ids, entry_times,
    digests, faulty_ids, merkle_root, previous_hash, block_hash, signature, public_key
FROM platform.audit_block WHERE closed_at >= coalesce($1::timestamptz, '-infinity') ORDER BY block_no
"""
BEFORE = """
SELECT last_transaction_id, last_audit_id FROM platform.audit_block WHERE closed_at < $1 ORDER BY block_no DESC LIMIT 1
"""
ENTRIES = """
SELECT * FROM platform.audit_entry WHERE (transaction_id, audit_id) > ($1::bigint, $2::uuid)
"""
WITNESSES = "SELECT * FROM platform.audit_witness ORDER BY service, block_no"


async def export_trails(urls: Mapping[str, str], folder: Path, since: datetime | None = None) -> None:
    """Write `<service>.jsonl` for each service.

    The witnesses of all services are read first, so that none is newer than the blocks.

    Args:
        urls: the databases' addresses by service. The worker role may read all that is written.
        folder: an existing folder.
        since: the closing time from which on blocks are written, by default all.
    """
    witnesses = {service: await _read_witnesses(url) for service, url in urls.items()}
    for service, url in urls.items():
        await _export_trail(url, folder / f"{service}.jsonl", witnesses[service], since)


async def _read_witnesses(url: str) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetch(WITNESSES)
    finally:
        await connection.close()


async def _export_trail(
    url: str, path: Path, witnesses: list[asyncpg.Record], since: datetime | None
) -> None:
    connection = await asyncpg.connect(url, server_settings={"statement_timeout": "0"})
    try:
        # One snapshot, in which each block has its entries.
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            with path.open("wb") as file:
                async for line in read_lines(connection, witnesses, since):
                    file.write(line)
    finally:
        await connection.close()


async def read_lines(
    connection: asyncpg.Connection, witnesses: Sequence[asyncpg.Record], since: datetime | None = None
) -> AsyncIterator[bytes]:
    """Yield the lines of an export, within a transaction."""
    yield _line("export", {"since": since})
    async for block in connection.cursor(BLOCKS, since):
        yield _line("block", block)
    before = await connection.fetchrow(BEFORE, since) if since else None
    async for entry in connection.cursor(ENTRIES, *(before or START)):
        yield _line("entry", entry)
    for witness in witnesses:
        yield _line("witness", witness)


def _line(kind: str, row: Mapping[str, Any] | asyncpg.Record) -> bytes:
    fields = {name: _plain(value) for name, value in row.items()}
    return orjson.dumps({"type": kind, **fields}, default=str, option=orjson.OPT_APPEND_NEWLINE)


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    return [_plain(item) for item in value] if isinstance(value, list) else value
