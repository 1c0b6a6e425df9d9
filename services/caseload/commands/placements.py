"""What registry's word on a placement means for the families under it: on the day that it ends, their dampingan end.

A placement that ended, an area that it no longer covers, a pendamping who no longer serves: each leaves families without
anybody, listed as gaps with a task for their office. Leave (CUTI) ends nothing: he comes back to his families, and acts
on none until then. What is read here is a replica that may be behind the word itself; then it is tried again.
"""

from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.commands.days import end_on, midnight
from services.caseload.commands.work import WORK
from services.caseload.models import GapCause, Pendamping, Penugasan, WilayahTugas
from shared.contracts.kinds import PendampingStatus
from shared.contracts.registry import (
    PendampingStatusChanged,
    PenugasanEnded,
    PenugasanStarted,
    WilayahTugasEnded,
    WilayahTugasPlaced,
)
from shared.database import raw
from shared.errors import NotYetKnown
from shared.jobs import Due, schedule, unschedule

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
    more="""AND k.kode_wilayah >= $4 AND k.kode_wilayah < $4 || '~' AND NOT EXISTS (
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


@WORK.due(PENUGASAN_OVER)
async def end_penugasan(session: AsyncSession, due: Due) -> None:
    """The placement is over: whatever dampingan stand under it end with it."""
    penugasan = await session.get(Penugasan, UUID(due.subject_id))
    over = date.fromisoformat(due.payload["valid_to"])
    if penugasan is None or penugasan.valid_to != over:
        raise NotYetKnown("penugasan")
    await bound(session, BOUND_PENUGASAN, penugasan.penugasan_id, over, GapCause.PENUGASAN_BERAKHIR)


@WORK.due(WILAYAH_TUGAS_OVER)
async def end_area(session: AsyncSession, due: Due) -> None:
    """The area is no longer the placement's: the dampingan there end, but where another of its areas covers the family."""
    area = await session.get(WilayahTugas, UUID(due.subject_id))
    over = date.fromisoformat(due.payload["valid_to"])
    if area is None or area.valid_to != over:
        raise NotYetKnown("wilayah tugas")
    cause = GapCause.WILAYAH_TUGAS_BERAKHIR
    await bound(session, BOUND_AREA, area.penugasan_id, over, cause, area.kode_wilayah)


@WORK.due(PENDAMPING_OUT)
async def end_pendamping(session: AsyncSession, due: Due) -> None:
    """The pendamping serves no more: all of his dampingan end."""
    pendamping = await session.get(Pendamping, UUID(due.subject_id))
    if pendamping is None or pendamping.status.value != due.payload["status"]:
        raise NotYetKnown("pendamping")
    out = date.fromisoformat(due.payload["on"])
    cause = GapCause.PENDAMPING_TIDAK_AKTIF
    await bound(session, BOUND_PENDAMPING, pendamping.pendamping_id, out, cause)


async def bound(
    session: AsyncSession, statement: str, whose: UUID, over: date, cause: GapCause, *more: str
) -> None:
    """Date the ends, and let each be ended on its day: a dampingan that begins later ends the day after it began."""
    rows = await (await raw(session)).fetch(statement, whose, over, cause.value, *more)
    for day in sorted({over, *(row["ends"] for row in rows)}):
        await end_on(session, day)
