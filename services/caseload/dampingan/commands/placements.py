"""What registry's word on a placement means for the families under it: on the day that it ends, their dampingan end.

A placement that ended, an area that it no longer covers, a pendamping who no longer serves: each leaves families without
anybody, listed as gaps with a task for their office. Leave (CUTI) ends nothing: he comes back to his families, and acts
on none until then. What is read here is a replica that may be behind the word itself; then it is tried again.
"""

from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.dampingan.models import GapCause
from services.caseload.dampingan.rules import end_on
from shared.contracts.kinds import PendampingStatus
from shared.contracts.registry import (
    PendampingStatusChanged,
    PenugasanEnded,
    PenugasanStarted,
    WilayahTugasEnded,
    WilayahTugasPlaced,
)
from shared.database import raw
from shared.dates import midnight
from shared.jobs import schedule, unschedule

PENUGASAN_OVER, WILAYAH_TUGAS_OVER, PENDAMPING_OUT = "penugasan_over", "wilayah_tugas_over", "pendamping_out"
SERVING = frozenset({PendampingStatus.AKTIF, PendampingStatus.CUTI, PendampingStatus.CALON})
# A range needs a day: what began on the day itself, or is dated ahead, ends on the day after it began.
BOUND = """
UPDATE dampingan d SET valid = daterange(lower(d.valid), greatest($2::date, lower(d.valid) + 1)), reason = $3,
    version = d.version + 1
FROM kpm k WHERE k.kpm_id = d.kpm_id AND d.{whose} = $1 AND NOT d.ended
    AND coalesce(upper(d.valid) > greatest($2::date, lower(d.valid) + 1), true) {more}
RETURNING upper(d.valid) AS ends
"""
BOUND_PENUGASAN = BOUND.format(whose="penugasan_id", more="")
BOUND_PENDAMPING = BOUND.format(whose="pendamping_id", more="")
BOUND_AREA = BOUND.format(
    whose="penugasan_id",
    more="""AND k.kode_wilayah >= $4 AND k.kode_wilayah < $4 || '/' AND NOT EXISTS (
    SELECT FROM replica_pendamping.wilayah_tugas w WHERE w.penugasan_id = $1 AND w.valid_from <= $2
    AND coalesce(w.valid_to > $2, true) AND (k.kode_wilayah = w.kode_wilayah OR k.kode_wilayah LIKE w.kode_wilayah || '.%'))""",
)


async def await_end_of_penugasan(session: AsyncSession, event: PenugasanStarted | PenugasanEnded) -> None:
    """Look at a placement on the day that it ends; said anew, the day moves."""
    if event.valid_to is not None:
        payload = {"valid_to": str(event.valid_to)}
        await schedule(
            session, PENUGASAN_OVER, midnight(event.valid_to), subject_id=event.penugasan_id, payload=payload
        )


async def await_end_of_area(session: AsyncSession, event: WilayahTugasPlaced | WilayahTugasEnded) -> None:
    """Look at an area of a placement on the day that it is no longer covered."""
    if event.valid_to is not None:
        payload = {"valid_to": str(event.valid_to)}
        place = {"subject_id": event.wilayah_tugas_id, "payload": payload}
        await schedule(session, WILAYAH_TUGAS_OVER, midnight(event.valid_to), **place)


async def await_leaving(session: AsyncSession, event: PendampingStatusChanged) -> None:
    """Look at a pendamping on the day that he no longer serves; one who serves again loses nothing more."""
    if event.status in SERVING:
        await unschedule(session, PENDAMPING_OUT, event.pendamping_id)
        return
    payload = {"status": event.status.value, "on": str(event.from_on)}
    await schedule(
        session, PENDAMPING_OUT, midnight(event.from_on), subject_id=event.pendamping_id, payload=payload
    )


async def bound(
    session: AsyncSession, statement: str, whose: UUID, over: date, cause: GapCause, *more: str
) -> None:
    """Date the ends, and let each be ended on its day: a dampingan that begins later ends the day after it began."""
    # Fast path: one statement bounds all dampingan of a placement.
    rows = await (await raw(session)).fetch(statement, whose, over, cause.value, *more)
    for day in sorted({over, *(row["ends"] for row in rows)}):
        await end_on(session, day)
