"""Ends of dampingan and placements that fall due, and counts against a new limit."""

import time
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from asyncpg import PostgresError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.dampingan.commands.ending import PAST, close
from services.caseload.dampingan.commands.limits import AT_ONCE, KIND
from services.caseload.dampingan.commands.loads import limit_on, tell_side
from services.caseload.dampingan.commands.placements import (
    BOUND_AREA,
    BOUND_PENDAMPING,
    BOUND_PENUGASAN,
    PENDAMPING_OUT,
    PENUGASAN_OVER,
    WILAYAH_TUGAS_OVER,
    bound,
)
from services.caseload.dampingan.models import DampinganLoad, GapCause
from services.caseload.dampingan.rules import ENDING
from services.caseload.replicas.models import Pendamping, Penugasan, WilayahTugas
from shared import clock
from shared.access import Actor
from shared.contracts.kinds import PilarKind
from shared.database import raw
from shared.errors import NotYetKnown
from shared.jobs import Due, Job, Step, Work, enqueue
from shared.jobs.pacing import has_room, next_size


async def begin_ending(session: AsyncSession, due: Due) -> None:
    """The day has come: a job ends all that ends by it."""
    del due
    await enqueue(session, ENDING, {}, Actor.system("caseload"))


async def end_what_is_past(session: AsyncSession, job: Job) -> Step:
    """End the next dampingan whose last day has passed; steps of at most half a second."""
    if not await has_room(session):
        return Step(place=job.place)
    began, limit = time.monotonic(), int(job.place.get("limit", 500))
    try:
        # Fast path: one statement locks the dampingan of a step.
        rows = await (await raw(session)).fetch(PAST, await clock.today(session), limit)
        await close(session, [dict(row) for row in rows], who=job.actor.sub)
    except PostgresError as error:
        raise DBAPIError(None, None, error, hide_parameters=True) from error
    place = {"limit": next_size(limit, time.monotonic() - began)}
    return Step(done=len(rows), place=place, finished=len(rows) < limit)


async def begin_telling(session: AsyncSession, due: Due) -> None:
    """A version comes into force: a job looks at every count of the kind."""
    await enqueue(session, KIND, due.payload, Actor.system("caseload"))


async def tell_sides(session: AsyncSession, job: Job) -> Step:
    """Tell of the next counts that stand on another side of the limit in force than was last told."""
    if not await has_room(session):
        return Step(place=job.place)
    kind, after = PilarKind(job.params["kind"]), UUID(job.place.get("after", str(UUID(int=0))))
    of_kind = sa.select(Penugasan.penugasan_id).where(Penugasan.kind == kind)
    following = sa.select(DampinganLoad).where(
        DampinganLoad.penugasan_id > after, DampinganLoad.penugasan_id.in_(of_kind)
    )
    loads = await session.scalars(
        following.order_by(DampinganLoad.penugasan_id).limit(AT_ONCE).with_for_update(key_share=True)
    )
    limit, found = await limit_on(session, kind, await clock.today(session)), list(loads)
    told = sum(tell_side(session, load, limit) for load in found)
    place = {"after": str(found[-1].penugasan_id)} if found else job.place
    return Step(done=told, place=place, finished=len(found) < AT_ONCE)


async def end_penugasan(session: AsyncSession, due: Due) -> None:
    """The placement is over: whatever dampingan stand under it end with it."""
    penugasan = await session.get(Penugasan, UUID(due.subject_id))
    over = date.fromisoformat(due.payload["valid_to"])
    if penugasan is None or penugasan.valid_to != over:
        raise NotYetKnown("penugasan")
    await bound(session, BOUND_PENUGASAN, penugasan.penugasan_id, over, GapCause.PENUGASAN_BERAKHIR)


async def end_area(session: AsyncSession, due: Due) -> None:
    """The area is no longer the placement's: the dampingan there end, but where another of its areas covers the family."""
    area = await session.get(WilayahTugas, UUID(due.subject_id))
    over = date.fromisoformat(due.payload["valid_to"])
    if area is None or area.valid_to != over:
        raise NotYetKnown("wilayah tugas")
    cause = GapCause.WILAYAH_TUGAS_BERAKHIR
    await bound(session, BOUND_AREA, area.penugasan_id, over, cause, area.kode_wilayah)


async def end_pendamping(session: AsyncSession, due: Due) -> None:
    """The pendamping serves no more: all of his dampingan end."""
    pendamping = await session.get(Pendamping, UUID(due.subject_id))
    if pendamping is None or pendamping.status.value != due.payload["status"]:
        raise NotYetKnown("pendamping")
    out = date.fromisoformat(due.payload["on"])
    cause = GapCause.PENDAMPING_TIDAK_AKTIF
    await bound(session, BOUND_PENDAMPING, pendamping.pendamping_id, out, cause)


WORK = Work(
    steps={ENDING: end_what_is_past, KIND: tell_sides},
    dues={
        ENDING: begin_ending,
        KIND: begin_telling,
        PENUGASAN_OVER: end_penugasan,
        WILAYAH_TUGAS_OVER: end_area,
        PENDAMPING_OUT: end_pendamping,
    },
)
