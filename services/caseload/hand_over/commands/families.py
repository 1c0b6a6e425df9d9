"""Families of a hand-over: those that the giver accompanies on its day or accompanied last.

A placement often ends on the day of a hand-over. If that event is handled first, its families have a gap.
"""

from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.hand_over.models import HandOverFamily, HandOverTerms
from shared.database import raw

# $1 penugasan, $2 pendamping, $3 and the text after it: the area, $4 the day, $5 purpose or NULL, $6 the receiver's
# penugasan, $7 the receiver's last day or NULL.
TAKEN = """EXISTS (SELECT FROM dampingan o WHERE o.kpm_id = d.kpm_id AND o.dampingan_id IS DISTINCT FROM d.dampingan_id
    AND o.kind = d.kind AND o.valid && daterange($4::date, $7::date)
    AND (o.kind = 'PKH_PENDAMPING' OR o.penugasan_id = $6)) AS taken"""
ACCOMPANIED = f"""
SELECT d.dampingan_id, d.kpm_id, k.kode_wilayah, d.kind, d.purpose, lower(d.valid) AS valid_from, {TAKEN}
FROM dampingan d JOIN kpm k USING (kpm_id)
WHERE d.pendamping_id = $2 AND d.penugasan_id = $1 AND NOT d.ended AND d.valid @> $4::date
    AND ($5::text IS NULL OR d.purpose = $5) AND k.kode_wilayah >= $3 AND k.kode_wilayah < $3 || '/'
"""  # noqa: S608  # our own columns
LAST_ACCOMPANIED = f"""
SELECT d.dampingan_id, d.kpm_id, k.kode_wilayah, d.kind, d.purpose, d.since AS valid_from, {TAKEN}
FROM (SELECT g.*, NULL::uuid AS dampingan_id, 'PKH_PENDAMPING'::text AS kind FROM dampingan_gap g) AS d
JOIN kpm k USING (kpm_id)
WHERE d.penugasan_id = $1 AND $2::uuid IS NOT NULL AND d.until IS NULL AND d.since <= $4::date
    AND d.cause <> 'PEMANTAUAN_SELESAI' AND ($5::text IS NULL OR d.purpose = $5)
    AND k.kode_wilayah >= $3 AND k.kode_wilayah < $3 || '/'
"""  # noqa: S608  # our own columns
COUNTS = f"""
WITH families AS ({ACCOMPANIED} UNION ALL {LAST_ACCOMPANIED})
SELECT count(DISTINCT kpm_id) AS families,
    count(*) FILTER (WHERE purpose = 'PENDAMPINGAN') AS weighing,
    count(*) FILTER (WHERE purpose = 'PENDAMPINGAN' AND dampingan_id IS NOT NULL) AS leaving,
    count(*) FILTER (WHERE dampingan_id IS NULL) AS without_pendamping,
    count(*) FILTER (WHERE dampingan_id IS NOT NULL AND valid_from >= $4::date) AS began_that_day,
    count(*) FILTER (WHERE taken) AS accompanied_by_another,
    (SELECT count(*) FROM case_mark c WHERE c.kpm_id IN (SELECT kpm_id FROM families)
        AND c.state IN ('OPEN', 'DETERMINED')) AS open_cases,
    (SELECT count(*) FROM tugas t WHERE t.kpm_id IN (SELECT kpm_id FROM families) AND t.done_at IS NULL) AS tasks,
    (SELECT count(*) FROM kunjungan v WHERE v.kpm_id IN (SELECT kpm_id FROM families)
        AND v.penugasan_id = $1 AND v.visited_on >= $4::date AND v.voided_on IS NULL) AS visits_after
FROM families
"""  # noqa: S608  # our own columns
INSERT_FAMILIES = f"""
INSERT INTO hand_over_family (hand_over_id, kpm_id)
SELECT DISTINCT $8::uuid, kpm_id FROM ({ACCOMPANIED} UNION ALL {LAST_ACCOMPANIED}) AS families
"""  # noqa: S608  # our own columns
# Why an ordered family was neither moved nor refused: $1 order, $2 area, $3 day, $4 the giver's penugasan, $5 the
# receiver's, $6 the last family, $7 how many.
LEFT_OUT = """
SELECT f.kpm_id, CASE
    WHEN k.ended_on IS NOT NULL THEN 'FAMILY_ENDED'
    WHEN k.kode_wilayah < $2 OR k.kode_wilayah >= $2 || '/' THEN 'MOVED_AWAY'
    WHEN EXISTS (SELECT FROM dampingan d WHERE d.kpm_id = f.kpm_id AND d.penugasan_id = $5 AND d.valid @> $3::date)
        THEN 'WITH_RECEIVER'
    WHEN EXISTS (SELECT FROM dampingan d WHERE d.kpm_id = f.kpm_id AND d.penugasan_id = $4 AND d.valid @> $3::date)
        THEN 'PURPOSE_CHANGED'
    WHEN EXISTS (SELECT FROM dampingan d WHERE d.kpm_id = f.kpm_id AND d.valid @> $3::date) THEN 'WITH_ANOTHER'
    WHEN NOT needs_pendamping(f.kpm_id, $3) THEN 'NEEDS_NONE' ELSE 'NOT_WITH_GIVER' END AS code
FROM hand_over_family f JOIN kpm k USING (kpm_id)
WHERE f.hand_over_id = $1 AND NOT f.handled AND f.kpm_id > $6 ORDER BY f.kpm_id LIMIT $7
"""


async def count_families(
    session: AsyncSession, giving: tuple[UUID, UUID], area: str, on: date, purpose: str | None, taking: Any
) -> dict[str, int]:
    """Return the counts of families in a hand-over, and of their cases, tasks and visits."""
    # Fast path: one statement counts the families of an order (bench: hand_over).
    connection = await raw(session)
    row = await connection.fetchrow(COUNTS, *giving, area, on, purpose, taking.penugasan_id, taking.valid_to)
    return dict(row) if row else {}


async def store_families(
    session: AsyncSession, hand_over_id: UUID, giving: Any, order: HandOverTerms, taking: Any
) -> int:
    """Store the families that an order counts, and return how many."""
    # Fast path: one statement stores the families of an order (bench: hand_over).
    connection, purpose = await raw(session), order.purpose and order.purpose.value
    values = (giving.penugasan_id, giving.pendamping_id, order.kode_wilayah, order.on, purpose)
    stored = await connection.execute(
        INSERT_FAMILIES, *values, taking.penugasan_id, taking.valid_to, hand_over_id
    )
    return int(stored.rpartition(" ")[2])


async def mark_handled(session: AsyncSession, hand_over_id: UUID, kpm_ids: list[UUID]) -> set[UUID]:
    """Mark families as moved or refused, and return those that the order counted."""
    row = HandOverFamily
    ordered = sa.update(row).where(row.hand_over_id == hand_over_id, row.kpm_id.in_(kpm_ids), ~row.handled)
    return {*await session.scalars(ordered.values(handled=True).returning(row.kpm_id))}


async def read_left_out(
    session: AsyncSession,
    hand_over_id: UUID,
    order: HandOverTerms,
    placements: tuple[Any, Any],
    after: UUID,
    size: int,
) -> list[dict[str, Any]]:
    """Return the next families that were neither moved nor refused, with the reason."""
    giving, taking = placements
    # Fast path: one statement for the families of a step (bench: hand_over).
    rows = await (await raw(session)).fetch(
        LEFT_OUT,
        *(hand_over_id, order.kode_wilayah, order.on, giving.penugasan_id, taking.penugasan_id, after, size),
    )
    return [dict(row) for row in rows]
