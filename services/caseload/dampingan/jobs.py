"""Jobs that end dampingan on their day, and check caseloads against a new limit."""

import time
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from asyncpg import PostgresError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.dampingan.commands.ends import SELECT_PAST, close_ended_rows
from services.caseload.dampingan.commands.limits import BATCH_SIZE, CHECK_LIMITS
from services.caseload.dampingan.commands.loads import emit_limit_crossing, read_limit
from services.caseload.dampingan.commands.placements import (
    END_AREA,
    END_BY_AREA,
    END_BY_PENDAMPING,
    END_BY_PENUGASAN,
    END_PENDAMPING,
    END_PENUGASAN,
    RESTORE_AREA,
    RESTORE_PENDAMPING,
    RESTORE_PENUGASAN,
    SERVING,
    set_ends,
)
from services.caseload.dampingan.commands.restoration import (
    RESTORE_DAMPINGAN,
    RESTORED_AT_ONCE,
    ended_with_status,
    read_ended_dampingan,
    restore_dampingan_of,
)
from services.caseload.dampingan.models import Dampingan, DampinganLoad, GapCause
from services.caseload.dampingan.rules import END_DAMPINGAN
from services.caseload.replicas.models import Penugasan, StatusRange, WilayahTugas
from shared import clock
from shared.access import Actor
from shared.accompaniment import status_on
from shared.contracts.kinds import PilarKind
from shared.database import raw
from shared.errors import NotYetKnown
from shared.jobs import Job, ScheduledTask, Step, Work, enqueue
from shared.jobs.backpressure import next_size, outbox_has_room


async def start_dampingan_end(session: AsyncSession, due: ScheduledTask) -> None:
    """Enqueue the job that ends all dampingan due today."""
    del due
    await enqueue(session, END_DAMPINGAN, {}, Actor.system("caseload"))


async def end_past_dampingan(session: AsyncSession, job: Job) -> Step:
    """End the next dampingan whose last day has passed.

    A step takes at most half a second.
    """
    if not await outbox_has_room(session):
        return Step(place=job.place)
    started, limit = time.monotonic(), int(job.place.get("limit", 500))
    try:
        # Fast path: one statement locks the dampingan of a step.
        rows = await (await raw(session)).fetch(SELECT_PAST, await clock.today(session), limit)
        await close_ended_rows(session, [dict(row) for row in rows], actor=job.actor)
    except PostgresError as error:
        raise DBAPIError(None, None, error, hide_parameters=True) from error
    place = {"limit": next_size(limit, time.monotonic() - started)}
    return Step(done=len(rows), place=place, finished=len(rows) < limit)


async def start_limit_check(session: AsyncSession, due: ScheduledTask) -> None:
    """Enqueue the job that checks all caseloads of a kind against a new limit."""
    await enqueue(session, CHECK_LIMITS, due.payload, Actor.system("caseload"))


async def check_limits(session: AsyncSession, job: Job) -> Step:
    """Emit the next caseloads that have crossed the limit since their last event."""
    if not await outbox_has_room(session):
        return Step(place=job.place)
    kind, after = PilarKind(job.params["kind"]), UUID(job.place.get("after", str(UUID(int=0))))
    placements = sa.select(Penugasan.penugasan_id).where(Penugasan.kind == kind)
    statement = sa.select(DampinganLoad).where(
        DampinganLoad.penugasan_id > after, DampinganLoad.penugasan_id.in_(placements)
    )
    rows = await session.scalars(
        statement.order_by(DampinganLoad.penugasan_id).limit(BATCH_SIZE).with_for_update(key_share=True)
    )
    limit, loads = await read_limit(session, kind, await clock.today(session)), list(rows)
    emitted = sum(emit_limit_crossing(session, load, limit) for load in loads)
    place = {"after": str(loads[-1].penugasan_id)} if loads else job.place
    return Step(done=emitted, place=place, finished=len(loads) < BATCH_SIZE)


async def end_penugasan(session: AsyncSession, due: ScheduledTask) -> None:
    """End all dampingan of a placement that has ended."""
    penugasan = await session.get(Penugasan, UUID(due.subject_id))
    ended_on = date.fromisoformat(due.payload["valid_to"])
    if penugasan is None or penugasan.valid_to != ended_on:
        raise NotYetKnown("penugasan")
    await set_ends(session, END_BY_PENUGASAN, penugasan.penugasan_id, ended_on, GapCause.PENUGASAN_BERAKHIR)


async def end_area(session: AsyncSession, due: ScheduledTask) -> None:
    """End the dampingan in an area that the placement no longer covers."""
    area = await session.get(WilayahTugas, UUID(due.subject_id))
    ended_on = date.fromisoformat(due.payload["valid_to"])
    if area is None or area.valid_to != ended_on:
        raise NotYetKnown("wilayah tugas")
    cause = GapCause.WILAYAH_TUGAS_BERAKHIR
    await set_ends(session, END_BY_AREA, area.penugasan_id, ended_on, cause, area.kode_wilayah)


async def end_pendamping(session: AsyncSession, due: ScheduledTask) -> None:
    """End all dampingan of a pendamping who no longer serves."""
    pendamping_id, left_on = UUID(due.payload["pendamping_id"]), date.fromisoformat(due.payload["on"])
    status = await session.scalar(sa.select(status_on(StatusRange, pendamping_id, left_on)))
    if status != due.payload["status"]:
        raise NotYetKnown("pendamping")
    cause = GapCause.PENDAMPING_TIDAK_AKTIF
    await set_ends(session, END_BY_PENDAMPING, pendamping_id, left_on, cause)


async def start_restoration(session: AsyncSession, due: ScheduledTask) -> None:
    """Enqueue the job that restores the dampingan of a pendamping whose final status was reversed."""
    pendamping_id, on = UUID(due.payload["pendamping_id"]), date.fromisoformat(due.payload["on"])
    status = await session.scalar(sa.select(status_on(StatusRange, pendamping_id, on)))
    # Registry emits the status after the placements.
    if status not in SERVING:
        raise NotYetKnown("pendamping")
    await _enqueue_restoration(session, due.payload | {"why": "STATUS_DIBATALKAN"})


async def start_restoration_of_penugasan(session: AsyncSession, due: ScheduledTask) -> None:
    """Enqueue the job that restores the dampingan of a placement whose end was taken back."""
    # Registry emits the placement after its areas.
    if has_ended_by(await session.get(Penugasan, placed_id(due)), due.payload["on"]):
        raise NotYetKnown("penugasan")
    await _enqueue_restoration(session, due.payload | {"why": "AKHIR_DIBATALKAN"})


async def start_restoration_of_area(session: AsyncSession, due: ScheduledTask) -> None:
    """Enqueue the job that restores the dampingan of an area whose end was taken back."""
    if has_ended_by(await session.get(WilayahTugas, placed_id(due)), due.payload["on"]):
        raise NotYetKnown("wilayah tugas")
    await _enqueue_restoration(session, due.payload | {"why": "AKHIR_DIBATALKAN"})


def placed_id(due: ScheduledTask) -> UUID:
    """Return the placement or area of a restoration, whose day follows it in the subject."""
    return UUID(due.subject_id.partition(":")[0])


def has_ended_by(placed: Penugasan | WilayahTugas | None, on: str) -> bool:
    """Return whether a placement or area is unknown or has ended by a day."""
    return placed is None or (placed.valid_to is not None and placed.valid_to <= date.fromisoformat(on))


async def _enqueue_restoration(session: AsyncSession, params: dict[str, Any]) -> None:
    pendamping_id, on = UUID(params["pendamping_id"]), date.fromisoformat(params["on"])
    ending = sa.exists().where(ended_with_status(pendamping_id, on), ~Dampingan.ended)
    # A job closes the end of a dampingan.
    if await session.scalar(sa.select(ending)):
        raise NotYetKnown("pendamping")
    await enqueue(session, RESTORE_DAMPINGAN, params, Actor.system("caseload"))


async def restore_dampingan(session: AsyncSession, job: Job) -> Step:
    """Restore the next dampingan that a wrong status or end has ended."""
    if not await outbox_has_room(session):
        return Step(place=job.place)
    pendamping_id, on = UUID(job.params["pendamping_id"]), date.fromisoformat(job.params["on"])
    after = UUID(job.place.get("after", str(UUID(int=0))))
    rows = await read_ended_dampingan(session, pendamping_id, on, after)
    await restore_dampingan_of(session, job.actor, rows, job.params["why"])
    place = {"after": str(rows[-1].dampingan_id)} if rows else job.place
    return Step(done=len(rows), place=place, finished=len(rows) < RESTORED_AT_ONCE)


WORK = Work(
    steps={
        END_DAMPINGAN: end_past_dampingan,
        CHECK_LIMITS: check_limits,
        RESTORE_DAMPINGAN: restore_dampingan,
    },
    scheduled_tasks={
        END_DAMPINGAN: start_dampingan_end,
        CHECK_LIMITS: start_limit_check,
        END_PENUGASAN: end_penugasan,
        END_AREA: end_area,
        END_PENDAMPING: end_pendamping,
        RESTORE_PENDAMPING: start_restoration,
        RESTORE_PENUGASAN: start_restoration_of_penugasan,
        RESTORE_AREA: start_restoration_of_area,
    },
)
