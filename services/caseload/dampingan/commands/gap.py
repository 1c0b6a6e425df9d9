"""Days on which nobody of PKH accompanies a family: a gap opens with an end that nobody follows, and closes with a start."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.dampingan.models import GapCause
from services.caseload.tables import new_id
from services.caseload.task.commands import open_many
from services.caseload.task.models import TugasKind
from shared import clock
from shared.contracts.kinds import DampinganPurpose
from shared.database import raw

# Up to the next PKH dampingan, where one is dated ahead; of two ends of one day the second finds the gap open.
OPEN = """
INSERT INTO dampingan_gap (gap_id, kpm_id, since, until, cause, penugasan_id, purpose)
SELECT g.gap_id, g.kpm_id, g.since, n.first, g.cause, g.penugasan_id, g.purpose
FROM unnest($1::uuid[], $2::uuid[], $3::date[], $4::text[], $5::uuid[], $6::text[])
    AS g(gap_id, kpm_id, since, cause, penugasan_id, purpose)
CROSS JOIN LATERAL (SELECT min(greatest(lower(d.valid), g.since)) AS first FROM dampingan d WHERE d.kpm_id = g.kpm_id
    AND d.kind = 'PKH_PENDAMPING' AND coalesce(upper(d.valid) > g.since, true)) AS n
WHERE n.first IS NULL OR n.first > g.since
ON CONFLICT DO NOTHING
RETURNING gap_id, kpm_id, until,
    EXISTS (SELECT FROM kepesertaan k WHERE k.kpm_id = dampingan_gap.kpm_id AND k.bansos = 'PKH' AND k.valid @> $7::date)
        AS member
"""
FILL = """
UPDATE dampingan_gap g SET until = greatest(g.since, s.first)
FROM unnest($1::uuid[], $2::date[]) AS s(kpm_id, first)
WHERE g.kpm_id = s.kpm_id AND coalesce(g.until > s.first, true) AND coalesce(g.until > g.since, true)
RETURNING g.gap_id
"""
SETTLE = """
UPDATE tugas SET done_at = $2, done_by = $3, version = version + 1
WHERE kind = 'PASANG_PENDAMPING' AND cause_id = ANY($1) AND kpm_id = ANY($4) AND done_at IS NULL
"""
ALONE = """
SELECT NOT EXISTS (SELECT FROM dampingan WHERE kpm_id = $1 AND kind = 'PKH_PENDAMPING' AND valid @> $2::date)
"""
# What nobody was asked to close: from here on it is another gap, with its task.
UNASKED = """
UPDATE dampingan_gap g SET until = greatest(g.since, $2)
WHERE g.kpm_id = $1 AND g.until IS NULL AND NOT EXISTS (SELECT FROM tugas t WHERE t.kpm_id = g.kpm_id
    AND t.kind = 'PASANG_PENDAMPING' AND t.cause_id = g.gap_id AND t.done_at IS NULL)
RETURNING g.penugasan_id
"""
TURN = "UPDATE dampingan_gap SET purpose = $2 WHERE kpm_id = $1 AND until IS NULL AND purpose <> $2"
Gap = tuple[UUID, date, str, UUID | None, str]


def cause_of(reason: str | None) -> str:
    """Return why nobody accompanies a family whose dampingan ended for this reason."""
    return reason if reason and reason in set(GapCause) else GapCause.DAMPINGAN_DIAKHIRI.value


async def open_gaps(session: AsyncSession, gaps: Sequence[Gap]) -> None:
    """Open gaps (kpm_id, since, cause, last penugasan_id, purpose), and a task for each family that is in PKH today."""
    if not gaps:
        return
    # Fast path: one statement for the families of a step (bench: hand_over).
    connection, today = await raw(session), await clock.today(session)
    await session.flush()
    ids = [new_id() for _ in gaps]
    columns = [list(column) for column in zip(*gaps, strict=True)]
    found = await connection.fetch(OPEN, ids, *columns, today)
    alone = [(row["kpm_id"], row["gap_id"]) for row in found if row["member"] and row["until"] is None]
    await open_many(session, TugasKind.PASANG_PENDAMPING, alone)


async def open_if_alone(session: AsyncSession, kpm_id: UUID) -> None:
    """The family is in PKH from today on: where nobody of PKH has it, that is a gap from today, and a task."""
    # Fast path: one statement for the families of a step (bench: hand_over).
    connection, today = await raw(session), await clock.today(session)
    await session.flush()
    if await connection.fetchval(ALONE, kpm_id, today):
        last = await connection.fetchval(UNASKED, kpm_id, today)
        purpose = DampinganPurpose.PENDAMPINGAN.value
        await open_gaps(session, [(kpm_id, today, GapCause.MASUK_PKH.value, last, purpose)])


async def turn_gap(session: AsyncSession, kpm_id: UUID, purpose: DampinganPurpose) -> None:
    """Whoever comes to a family that nobody has comes for what it needs now: a hand-over takes it along for that."""
    # Fast path: one statement for the families of a step (bench: hand_over).
    connection: Any = await raw(session)
    await connection.execute(TURN, kpm_id, purpose.value)


async def fill_gaps(session: AsyncSession, starts: Sequence[tuple[UUID, date]], *, who: str) -> None:
    """Close the gaps of families that somebody accompanies from a day on, and the tasks that asked for it."""
    if not starts:
        return
    # Fast path: one statement for the families of a step (bench: hand_over).
    connection: Any = await raw(session)
    await session.flush()
    kpm_ids = [kpm_id for kpm_id, _ in starts]
    found = await connection.fetch(FILL, kpm_ids, [first for _, first in starts])
    if found:
        gaps = [row["gap_id"] for row in found]
        await connection.execute(SETTLE, gaps, await clock.now(session), who, kpm_ids)


def gap_after(
    kpm_id: UUID, until: date, reason: str | None, penugasan_id: UUID, purpose: DampinganPurpose | str
) -> Gap:
    """Return the gap that an end leaves when nobody follows."""
    return kpm_id, until, cause_of(reason), penugasan_id, str(purpose)
