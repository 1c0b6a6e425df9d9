"""Gaps: days on which no PKH pendamping accompanies a family."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.dampingan.models import GapCause
from services.caseload.tables import new_id
from services.caseload.task.commands import append_done, open_many
from services.caseload.task.models import TugasKind
from shared import clock
from shared.access import Actor
from shared.contracts.kinds import DampinganPurpose
from shared.database import raw

# The gap ends at a PKH dampingan that starts later, if any. ON CONFLICT: the second of two ends on one day opens no
# gap.
INSERT_GAPS = """
INSERT INTO dampingan_gap (gap_id, kpm_id, since, until, cause, penugasan_id, purpose)
SELECT g.gap_id, g.kpm_id, g.since, n.first, g.cause, g.penugasan_id, g.purpose
FROM unnest($1::uuid[], $2::uuid[], $3::date[], $4::text[], $5::uuid[], $6::text[])
    AS g(gap_id, kpm_id, since, cause, penugasan_id, purpose)
CROSS JOIN LATERAL (SELECT min(greatest(lower(d.valid), g.since)) AS first FROM dampingan d WHERE d.kpm_id = g.kpm_id
    AND d.kind = 'PKH_PENDAMPING' AND NOT isempty(d.valid) AND coalesce(upper(d.valid) > g.since, true)) AS n
WHERE (n.first IS NULL OR n.first > g.since)
    AND NOT EXISTS (SELECT FROM kpm WHERE kpm.kpm_id = g.kpm_id AND kpm.ended_on IS NOT NULL)
ON CONFLICT DO NOTHING
RETURNING gap_id, kpm_id, until,
    needs_pendamping(dampingan_gap.kpm_id, $7::date) AS needed
"""
CLOSE_GAPS = """
UPDATE dampingan_gap g SET until = greatest(g.since, s.first)
FROM unnest($1::uuid[], $2::date[]) AS s(kpm_id, first)
WHERE g.kpm_id = s.kpm_id AND coalesce(g.until > s.first, true) AND coalesce(g.until > g.since, true)
RETURNING g.gap_id
"""
FINISH_TASKS = """
UPDATE tugas SET done_at = $2, done_by = $3, version = version + 1
WHERE kind = 'PASANG_PENDAMPING' AND cause_id = ANY($1) AND kpm_id = ANY($4) AND done_at IS NULL
RETURNING kpm_id, tugas_id, kind
"""
FINISH_NEEDLESS_TASKS = """
UPDATE tugas SET done_at = $3, done_by = $4, version = version + 1
WHERE kind = 'PASANG_PENDAMPING' AND kpm_id = $1 AND done_at IS NULL AND NOT needs_pendamping($1, $2)
RETURNING kpm_id, tugas_id, kind
"""
IS_UNACCOMPANIED = """
SELECT needs_pendamping($1, $2::date) AND NOT EXISTS (SELECT FROM dampingan WHERE kpm_id = $1 AND kind = 'PKH_PENDAMPING' AND valid @> $2::date)
"""
# Closes an open gap without a task, so that a new gap with a task can start.
CLOSE_GAP_WITHOUT_TASK = """
UPDATE dampingan_gap g SET until = greatest(g.since, $2)
WHERE g.kpm_id = $1 AND g.until IS NULL AND NOT EXISTS (SELECT FROM tugas t WHERE t.kpm_id = g.kpm_id
    AND t.kind = 'PASANG_PENDAMPING' AND t.cause_id = g.gap_id AND t.done_at IS NULL)
RETURNING g.penugasan_id
"""
# A gap that a dampingan of a later day would have ended goes on: it ends today, and the next gap continues it.
SPLIT_GAPS = """
UPDATE dampingan_gap g SET until = greatest(g.since, $3)
FROM unnest($1::uuid[], $2::date[]) AS c(kpm_id, first)
WHERE g.kpm_id = c.kpm_id AND g.until = c.first AND c.first > $3
RETURNING g.kpm_id, g.until
"""
SET_PURPOSE = "UPDATE dampingan_gap SET purpose = $2 WHERE kpm_id = $1 AND until IS NULL AND purpose <> $2"
Gap = tuple[UUID, date, str, UUID | None, str]
"""kpm_id, since, cause, penugasan_id that accompanied last, purpose."""


def gap_cause(reason: str | None) -> str:
    """Return the gap's cause for the reason of a dampingan's end."""
    return reason if reason and reason in set(GapCause) else GapCause.DAMPINGAN_DIAKHIRI.value


async def open_gaps(session: AsyncSession, gaps: Sequence[Gap]) -> None:
    """Open gaps, and a task for each family that needs a PKH pendamping today.

    A family that has ended gets neither.
    """
    if not gaps:
        return
    # Fast path: one statement for the families of a step (bench: hand_over).
    connection, today = await raw(session), await clock.today(session)
    await session.flush()
    ids = [new_id() for _ in gaps]
    columns = [list(column) for column in zip(*gaps, strict=True)]
    rows = await connection.fetch(INSERT_GAPS, ids, *columns, today)
    causes = [(row["kpm_id"], row["gap_id"]) for row in rows if row["needed"] and row["until"] is None]
    await open_many(session, TugasKind.PASANG_PENDAMPING, causes)


async def split_gaps_before(
    session: AsyncSession, cancelled: Sequence[tuple[UUID, date]]
) -> dict[UUID, date]:
    """End the gaps before cancelled dampingan, and return where the next ones begin.

    `cancelled` has kpm_id and first day of each.
    """
    if not cancelled:
        return {}
    # Fast path: one statement for the families of a step (bench: hand_over).
    connection, today = await raw(session), await clock.today(session)
    kpm_ids, days = [kpm_id for kpm_id, _ in cancelled], [first for _, first in cancelled]
    rows = await connection.fetch(SPLIT_GAPS, kpm_ids, days, today)
    return {row["kpm_id"]: row["until"] for row in rows}


async def open_gap_if_unaccompanied(
    session: AsyncSession, kpm_id: UUID, cause: GapCause = GapCause.MASUK_PKH
) -> None:
    """Open a gap with a task if a family lacks the PKH pendamping it needs."""
    # Fast path: one statement for the families of a step (bench: hand_over).
    connection, today = await raw(session), await clock.today(session)
    await session.flush()
    if await connection.fetchval(IS_UNACCOMPANIED, kpm_id, today):
        last_penugasan = await connection.fetchval(CLOSE_GAP_WITHOUT_TASK, kpm_id, today)
        purpose = DampinganPurpose.PENDAMPINGAN.value
        await open_gaps(session, [(kpm_id, today, cause.value, last_penugasan, purpose)])


async def finish_needless_tasks(session: AsyncSession, actor: Actor, kpm_id: UUID, on: date) -> None:
    """Finish the family's tasks to find a pendamping if it needs none on a day."""
    # Fast path: one statement, as for the gaps (bench: hand_over).
    connection: Any = await raw(session)
    await session.flush()
    done = await connection.fetch(FINISH_NEEDLESS_TASKS, kpm_id, on, await clock.now(session), actor.sub)
    await append_done(session, actor, done)


async def set_gap_purpose(session: AsyncSession, kpm_id: UUID, purpose: DampinganPurpose) -> None:
    """Set the purpose that a family's open gap hands to its next dampingan."""
    # Fast path: one statement for the families of a step (bench: hand_over).
    connection: Any = await raw(session)
    await connection.execute(SET_PURPOSE, kpm_id, purpose.value)


async def fill_gaps(session: AsyncSession, actor: Actor, starts: Sequence[tuple[UUID, date]]) -> None:
    """Close the gaps of families with a new PKH dampingan, and their tasks.

    `starts` has kpm_id and first day of each dampingan.
    """
    if not starts:
        return
    # Fast path: one statement for the families of a step (bench: hand_over).
    connection: Any = await raw(session)
    await session.flush()
    kpm_ids = [kpm_id for kpm_id, _ in starts]
    rows = await connection.fetch(CLOSE_GAPS, kpm_ids, [first for _, first in starts])
    if rows:
        gaps = [row["gap_id"] for row in rows]
        done = await connection.fetch(FINISH_TASKS, gaps, await clock.now(session), actor.sub, kpm_ids)
        await append_done(session, actor, done)


def gap_after(
    kpm_id: UUID, until: date, reason: str | None, penugasan_id: UUID, purpose: DampinganPurpose | str
) -> Gap:
    """Return the gap that starts at the end of a dampingan."""
    return kpm_id, until, gap_cause(reason), penugasan_id, str(purpose)
