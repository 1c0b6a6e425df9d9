"""Doing what has fallen due: once, and again later when it fails; nothing is dropped."""

from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
import structlog
from uuid_utils.compat import uuid7

from shared import clock, schema
from shared.access import Actor
from shared.database import Database
from shared.faults import faultpoint
from shared.jobs.kinds import LEASE, Due, OutsideCall, Work

LONGEST_WAIT_SECONDS = 3600
log = structlog.get_logger()

LEASE_DUE = sa.text(
    "UPDATE platform.due SET lease = :lease, lease_until = clock_timestamp() + :term"
    " WHERE due_id = (SELECT due_id FROM platform.due WHERE done_at IS NULL AND kind = ANY(:kinds)"
    " AND (lease_until IS NULL OR lease_until < clock_timestamp())"
    " AND (lane IS NULL OR lane NOT IN (SELECT busy.lane FROM platform.due busy WHERE busy.done_at IS NULL"
    " AND busy.lane IS NOT NULL AND busy.lease IS NOT NULL AND busy.lease_until > clock_timestamp()))"
    " AND ((clock = 'real' AND due_at <= clock_timestamp()) OR (clock = 'business' AND due_at <= :now))"
    " ORDER BY due_at, due_id LIMIT 1 FOR UPDATE SKIP LOCKED)"
    " RETURNING due_id, kind, subject_id, due_at, payload, attempts"
)


# Two that lease at once do not see each other's lease, and would both take up the same lane.
ONE_LEASES = sa.text("SELECT pg_advisory_xact_lock(hashtext('pilar lanes'))")


async def run_due(database: Database, todo: Work, kinds: Collection[str] | None = None) -> bool:
    """Do one thing that has fallen due, of these kinds or of all. Returns whether there was one."""
    wanted = [kind for kind in (*todo.dues, *todo.calls) if kinds is None or kind in kinds]
    if not wanted:
        return False
    lease = uuid7()
    due = await _lease(database, todo, wanted, lease)
    if due is None:
        return False
    outside = todo.calls.get(due.kind)
    try:
        result = await _call(database, due, lease, outside) if outside else None
        await _do_due(database, todo, due, lease, outside, result)
    except Exception as error:  # noqa: BLE001 (whatever it raises, it waits longer each time, and others go on)
        await _due_failed(database, due, lease, error)
    return True


async def _lease(database: Database, todo: Work, wanted: list[str], lease: UUID) -> Due | None:
    async with database.transaction(Actor.system(database.service)) as session:
        now = await clock.now(session)
        if not todo.calls.keys().isdisjoint(wanted):
            await session.execute(ONE_LEASES)
        found = await session.execute(LEASE_DUE, {"lease": lease, "term": LEASE, "kinds": wanted, "now": now})
        row = found.one_or_none()
    if row is None:
        return None
    return Due(row.due_id, row.kind, row.subject_id, row.due_at, row.payload, row.attempts)


async def _call(database: Database, due: Due, lease: UUID, outside: OutsideCall) -> Any:
    """Read what the call needs in a transaction of its own, and call after it: what cannot be read fails alone."""
    async with database.transaction(Actor.system(database.service)) as session:
        table = schema.due
        mine = sa.select(table.c.due_id).where(_held(due, lease))
        held = (await session.execute(mine)).one_or_none()
        prepared = await outside.prepare(session, due) if held else None
    return await outside.perform(prepared) if prepared is not None else None


def _held(due: Due, lease: UUID) -> sa.ColumnElement[bool]:
    table = schema.due
    return sa.and_(table.c.due_id == due.due_id, table.c.lease == lease, table.c.done_at.is_(None))


async def _do_due(
    database: Database, todo: Work, due: Due, lease: UUID, outside: OutsideCall | None, result: Any
) -> None:
    table = schema.due
    async with database.transaction(Actor.system(database.service)) as session:
        # Closed first: a handler that schedules the same thing again opens it again.
        closing = sa.update(table).where(_held(due, lease)).returning(table.c.due_id)
        ended = closing.values(done_at=sa.func.clock_timestamp(), lease=None)
        moved = (await session.execute(ended)).one_or_none() is None
        if moved and (outside is None or result is None):
            return
        # A call that was made is recorded, even where its due was moved or called off meanwhile.
        due = replace(due, moved=moved)
        await (outside.record(session, due, result) if outside else todo.dues[due.kind](session, due))
        await faultpoint(f"due.{due.kind}.before_commit")


async def _due_failed(database: Database, due: Due, lease: UUID, error: Exception) -> None:
    """Nothing that fell due is dropped: it is tried again, later each time, for ever."""
    log.warning("due_failed", kind=due.kind, subject_id=due.subject_id, error=type(error).__name__)
    wait = timedelta(seconds=min(LONGEST_WAIT_SECONDS, 2 ** min(due.attempts, 12)))
    async with database.transaction(Actor.system(database.service)) as session:
        table = schema.due
        await session.execute(
            sa.update(table)
            .where(table.c.due_id == due.due_id, table.c.lease == lease)
            .values(
                attempts=table.c.attempts + 1,
                error=type(error).__name__,
                lease=None,
                lease_until=sa.func.clock_timestamp() + wait,
            )
        )
