"""Ends of dampingan that follow from ends of placements, areas and service of a pendamping.

Each leaves families with a gap and a task for their office. Leave (CUTI) ends nothing: the pendamping returns to these
families. The replica that is read on the day may be behind the event that scheduled it. The job is retried then.
"""

from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.dampingan.models import GapCause
from services.caseload.dampingan.rules import schedule_dampingan_end
from shared import clock
from shared.contracts.kinds import FINAL_STATUSES, PendampingStatus
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

RESTORE_PENDAMPING, RESTORE_PENUGASAN, RESTORE_AREA = (
    "pendamping.restore_dampingan",
    "penugasan.restore_dampingan",
    "wilayah_tugas.restore_dampingan",
)
END_PENUGASAN, END_AREA, END_PENDAMPING = (
    "penugasan.end_dampingan",
    "wilayah_tugas.end_dampingan",
    "pendamping.end_dampingan",
)
SERVING = frozenset({PendampingStatus.AKTIF, PendampingStatus.CUTI, PendampingStatus.CALON})
# A dampingan that starts on the day or later has not begun: its range becomes empty.
SET_ENDS = """
UPDATE dampingan d SET valid = daterange(lower(d.valid), greatest($2::date, lower(d.valid))), reason = $3,
    version = d.version + 1, cancelled_from = CASE WHEN lower(d.valid) >= $2::date THEN lower(d.valid) END
FROM kpm k WHERE k.kpm_id = d.kpm_id AND d.{column} = $1 AND NOT d.ended AND NOT isempty(d.valid)
    AND coalesce(upper(d.valid) > $2::date, true) {more}
RETURNING upper(d.valid) AS ends
"""
END_BY_PENUGASAN = SET_ENDS.format(column="penugasan_id", more="")
END_BY_PENDAMPING = SET_ENDS.format(column="pendamping_id", more="")
END_BY_AREA = SET_ENDS.format(
    column="penugasan_id",
    more="""AND k.kode_wilayah >= $4 AND k.kode_wilayah < $4 || '/' AND NOT EXISTS (
    SELECT FROM replica_pendamping.wilayah_tugas w WHERE w.penugasan_id = $1 AND w.valid_from <= $2
    AND coalesce(w.valid_to > $2, true) AND (k.kode_wilayah = w.kode_wilayah OR k.kode_wilayah LIKE w.kode_wilayah || '.%'))""",
)


async def schedule_end_of_penugasan(session: AsyncSession, event: PenugasanStarted | PenugasanEnded) -> None:
    """Schedule the end of a placement's dampingan.

    A later event of the placement moves the day, or cancels the task. If it takes a wrong end back, the dampingan
    start again.
    """
    if event.valid_to is None:
        await unschedule(session, END_PENUGASAN, event.penugasan_id)
    else:
        payload = {"valid_to": str(event.valid_to)}
        await schedule(
            session, END_PENUGASAN, midnight(event.valid_to), subject_id=event.penugasan_id, payload=payload
        )
        await _cancel_restorations(session, RESTORE_PENUGASAN, event.penugasan_id, event.valid_to)
    if isinstance(event, PenugasanStarted):
        await _schedule_restoration(session, RESTORE_PENUGASAN, event.penugasan_id, event)


async def schedule_end_of_area(session: AsyncSession, event: WilayahTugasPlaced | WilayahTugasEnded) -> None:
    """Schedule the end of the dampingan in an area that the placement no longer covers."""
    if event.valid_to is None:
        await unschedule(session, END_AREA, event.wilayah_tugas_id)
    else:
        payload = {"valid_to": str(event.valid_to)}
        task = {"subject_id": event.wilayah_tugas_id, "payload": payload}
        await schedule(session, END_AREA, midnight(event.valid_to), **task)
        await _cancel_restorations(session, RESTORE_AREA, event.wilayah_tugas_id, event.valid_to)
    if isinstance(event, WilayahTugasPlaced):
        await _schedule_restoration(session, RESTORE_AREA, event.wilayah_tugas_id, event)


async def _schedule_restoration(
    session: AsyncSession, kind: str, subject_id: UUID, event: PenugasanStarted | WilayahTugasPlaced
) -> None:
    if event.restored_from is None:
        return
    if event.valid_to is not None and event.valid_to <= event.restored_from:
        return  # It ends again no later, so there is nothing to restore.
    payload = {"pendamping_id": str(event.pendamping_id), "on": str(event.restored_from)}
    subject = f"{subject_id}:{event.restored_from}"
    await schedule(session, kind, await clock.now(session), subject_id=subject, payload=payload)


async def _cancel_restorations(session: AsyncSession, kind: str, subject_id: UUID, ended_on: date) -> None:
    """Cancel what was to be restored from the day of an end on."""
    await unschedule(session, kind, f"{subject_id}:{ended_on}", until=f"{subject_id}:~")


async def schedule_end_of_pendamping(session: AsyncSession, event: PendampingStatusChanged) -> None:
    """Schedule the end of a pendamping's dampingan. A status that is not final cancels it.

    A final status cancels what was scheduled for later days. After a reversal the dampingan start again, unless a
    status ends them meanwhile.
    """
    subject_id = f"{event.pendamping_id}:{event.from_on}"
    payload = {
        "pendamping_id": str(event.pendamping_id),
        "status": event.status.value,
        "on": str(event.from_on),
    }
    if event.status in SERVING:
        await unschedule(session, END_PENDAMPING, subject_id)
        if event.reverses is not None and event.reverses not in SERVING:
            now = await clock.now(session)
            await schedule(session, RESTORE_PENDAMPING, now, subject_id=subject_id, payload=payload)
        return
    last = f"{event.pendamping_id}:~" if event.status in FINAL_STATUSES else None
    for kind in (END_PENDAMPING, RESTORE_PENDAMPING):
        await unschedule(session, kind, subject_id, until=last)
    await schedule(session, END_PENDAMPING, midnight(event.from_on), subject_id=subject_id, payload=payload)


async def set_ends(
    session: AsyncSession, statement: str, owner_id: UUID, ended_on: date, cause: GapCause, *more: str
) -> None:
    """Set the ends of all dampingan of a placement, area or pendamping, and schedule them."""
    # Fast path: one statement for all dampingan of a placement.
    rows = await (await raw(session)).fetch(statement, owner_id, ended_on, cause.value, *more)
    for day in sorted({ended_on, *(row["ends"] for row in rows if row["ends"])}):
        await schedule_dampingan_end(session, day)
