"""Closes the entries of each minute into a signed block of a hash chain."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from shared.access import Actor
from shared.audit.chain import (
    BLOCK,
    DIGESTED,
    FIRST_HASH,
    SIGNED,
    AuditKeys,
    block_hash,
    digest,
    keys_of,
    leaf,
    merkle_root,
)
from shared.audit.tables import audit_block, audit_entry
from shared.contracts.audit import BY_SERVICE
from shared.database import Database, vault_of
from shared.jobs import ScheduledTask, Work, schedule
from shared.messaging.outbox import emit

KIND = "audit.close"
EVERY = timedelta(minutes=1)
MOST_ENTRIES = 10_000
"""In one block. A busy minute has several blocks."""
MOST_BLOCKS = 10
"""In one transaction."""
START = (0, UUID(int=0))
# Every transaction below this number has ended, so no entry can appear there later.
HORIZON = sa.text("pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
log = structlog.get_logger()


def register(work: Work) -> None:
    """Register the closing of blocks with a worker."""
    work.scheduled_tasks.setdefault(KIND, close_blocks)


async def schedule_now(database: Database) -> None:
    """Schedule the closing of blocks, at each start of a worker."""
    async with database.transaction(Actor.system(database.service)) as session:
        await schedule(session, KIND, datetime.now(UTC), subject_id=database.service, clock="real")


async def close_blocks(session: AsyncSession, due: ScheduledTask) -> None:
    """Close what was committed since the last block, and schedule the next minute."""
    closed = 0
    while closed < MOST_BLOCKS and await close_block(session):
        closed += 1
    wait = timedelta() if closed == MOST_BLOCKS else EVERY
    await schedule(session, KIND, datetime.now(UTC) + wait, subject_id=due.subject_id, clock="real")


async def close_block(session: AsyncSession) -> bool:
    """Write and publish the next block, and return whether there were entries for one.

    Entries are taken by their transactions, in order, and only of transactions before the oldest that is still open.
    """
    last = (
        await session.execute(sa.select(audit_block).order_by(audit_block.c.block_no.desc()).limit(1))
    ).one_or_none()
    columns = audit_entry.c
    place = sa.tuple_(columns.transaction_id, columns.audit_id)
    after = (last.last_transaction_id, last.last_audit_id) if last else START
    statement = (
        sa.select(audit_entry, sa.func.clock_timestamp().label("closed_at"))
        .where(place > sa.tuple_(*map(sa.literal, after)), columns.transaction_id < HORIZON)
        .order_by(columns.transaction_id, columns.audit_id)
        .limit(MOST_ENTRIES)
    )
    rows = (await session.execute(statement)).all()
    if not rows:
        return False
    vault = vault_of(session)
    values = build_block(vault.service, keys_of(vault), rows, last)
    await session.execute(sa.insert(audit_block).values(**values))
    shown = {name: value.hex() if isinstance(value, bytes) else value for name, value in values.items()}
    emit(session, BY_SERVICE[vault.service].model_validate({"service": vault.service, **shown}))
    if values["faulty_ids"]:
        log.error("audit_entries_changed", block_no=values["block_no"], count=len(values["faulty_ids"]))
    return True


def build_block(
    service: str, keys: AuditKeys, rows: Sequence[sa.Row[Any]], last: sa.Row[Any] | None
) -> dict[str, Any]:
    """Return the values of the block after `last`."""
    digests = [digest(_values(row, DIGESTED)) for row in rows]
    leaves = [
        leaf(row.audit_id, row.at, entry_digest) for row, entry_digest in zip(rows, digests, strict=True)
    ]
    times = [row.at for row in rows]
    values: dict[str, Any] = {
        "block_no": last.block_no + 1 if last else 1,
        "closed_at": rows[0].closed_at,
        "first_at": min(times),
        "last_at": max(times),
        "entry_count": len(rows),
        "last_transaction_id": rows[-1].transaction_id,
        "last_audit_id": rows[-1].audit_id,
        "entry_ids": [row.audit_id for row in rows],
        "entry_times": times,
        "digests": digests,
        # Changed or added by somebody without the key, before this block was closed.
        "faulty_ids": [row.audit_id for row in rows if keys.mac(_values(row, SIGNED)) != row.mac],
        "merkle_root": merkle_root(leaves),
        "previous_hash": last.block_hash if last else FIRST_HASH,
        "public_key": keys.public_key,
    }
    values["block_hash"] = block_hash(service, [values[name] for name in BLOCK])
    values["signature"] = keys.sign(values["block_hash"])
    return values


def _values(row: sa.Row[Any], columns: Sequence[str]) -> list[Any]:
    fields = row._mapping  # noqa: SLF001 (the public name of it)
    return [fields[name] for name in columns]
