"""The limits of a caseload as the ministry sets them: a version follows another, and none is rewritten."""

from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.commands.days import midnight
from services.caseload.commands.loads import limit_on, tell_side
from services.caseload.commands.pace import has_room
from services.caseload.commands.work import WORK
from services.caseload.errors.dampingan import LimitBeforeLast, LimitJustSet, LimitPast, WarnedTooLate
from services.caseload.models import DampinganLimit, DampinganLoad, Penugasan
from shared import clock
from shared.access import Actor
from shared.contracts.kinds import PilarKind
from shared.database import constraint_of
from shared.errors import NotAllowed
from shared.jobs import Due, Job, Step, enqueue, schedule

KIND = "limit_in_force"
AT_ONCE = 500
ONE_OF_TWO = {"pk_dampingan_limit", "ex_dampingan_limit_one_at_a_time"}


async def set_dampingan_limit(
    session: AsyncSession,
    actor: Actor,
    *,
    kind: PilarKind,
    warn_above: int,
    refuse_above: int,
    valid_from: date,
    basis: str,
) -> DampinganLimit:
    """Let a kind's limits be so from a day on; the version before ends that day. Saying the same again changes nothing.

    On that day registry is told of every caseload that stands on another side of its limit then.

    Raises:
        NotAllowed, WarnedTooLate, LimitPast, LimitBeforeLast, LimitJustSet.
    """
    if not actor.national:
        raise NotAllowed
    if warn_above >= refuse_above:
        raise WarnedTooLate("/body/warn_above", warn_above=warn_above, refuse_above=refuse_above)
    last = await last_of(session, kind)
    said = (warn_above, refuse_above, valid_from, basis)
    if last is not None and said == (last.warn_above, last.refuse_above, last.valid.lower, last.basis):
        return last
    await give_way(session, last, valid_from)
    limit = DampinganLimit(
        kind=kind,
        version=last.version + 1 if last else 1,
        warn_above=warn_above,
        refuse_above=refuse_above,
        valid=Range(valid_from, None),
        basis=basis,
        set_by=actor.sub,
        set_at=await clock.now(session),
    )
    await insert_or_refuse(session, limit)
    place = {"subject_id": f"{kind.value}:{limit.version}", "payload": {"kind": kind.value}}
    await schedule(session, KIND, midnight(valid_from), **place)
    return limit


async def last_of(session: AsyncSession, kind: PilarKind) -> DampinganLimit | None:
    """Return a kind's newest version, locked."""
    newest = (
        sa.select(DampinganLimit).where(DampinganLimit.kind == kind).order_by(DampinganLimit.version.desc())
    )
    return await session.scalar(
        newest.limit(1).with_for_update(key_share=True).execution_options(populate_existing=True)
    )


async def give_way(session: AsyncSession, last: DampinganLimit | None, valid_from: date) -> None:
    """End the version before on the new one's first day.

    Raises:
        LimitPast, LimitBeforeLast.
    """
    today = await clock.today(session)
    if valid_from < today:
        raise LimitPast("/body/valid_from", valid_from=valid_from, today=today)
    if last is None:
        return
    first = last.valid.lower
    if first is not None and valid_from <= first:
        raise LimitBeforeLast("/body/valid_from", kind=last.kind.value, last=first)
    last.valid = Range(first, valid_from)
    await session.flush()


async def insert_or_refuse(session: AsyncSession, limit: DampinganLimit) -> None:
    """Write it; raise LimitJustSet where somebody else's version came in between."""
    try:
        async with session.begin_nested():
            session.add(limit)
    except IntegrityError as error:
        if constraint_of(error) in ONE_OF_TWO:
            raise LimitJustSet("/body") from None
        raise


@WORK.due(KIND)
async def begin_telling(session: AsyncSession, due: Due) -> None:
    """A version comes into force: a job looks at every count of the kind."""
    await enqueue(session, KIND, due.payload, Actor.system("caseload"))


@WORK.step(KIND)
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
