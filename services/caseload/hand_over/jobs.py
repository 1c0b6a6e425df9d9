"""The steps of a hand-over: each writes some families whole, with their facts, and commits with its progress."""

import time
from uuid import UUID

import sqlalchemy as sa
from asyncpg import PostgresError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.hand_over.commands.families import HELD, LOST
from services.caseload.hand_over.commands.move import Move
from services.caseload.hand_over.commands.order import placements_of
from services.caseload.hand_over.commands.request import KIND
from services.caseload.hand_over.models import HandOver, HandOverTerms
from services.caseload.replicas.models import Penugasan
from shared.database import raw
from shared.jobs import Due, Job, Step, Work, enqueue
from shared.jobs.asking import from_json
from shared.jobs.pacing import has_room, next_size


async def begin(session: AsyncSession, due: Due) -> None:
    """The day of a hand-over has come: its job begins, with the rights of whoever ordered it."""
    params = dict(due.payload)
    actor, families = from_json(params.pop("actor")), params.pop("families")
    hand_over = await session.get_one(HandOver, UUID(due.subject_id), with_for_update={"key_share": True})
    hand_over.job_id = await enqueue(session, KIND, params, actor, total=families, ordered_before=True)


FIRST_STEP = 500
PHASES = {
    "held": HELD + "AND d.kpm_id > $8 ORDER BY d.kpm_id LIMIT $9 FOR NO KEY UPDATE OF d",
    "lost": LOST + "AND d.kpm_id > $8 ORDER BY d.kpm_id LIMIT $9",
}
BEFORE_ALL = UUID(int=0)


async def hand_over_families(session: AsyncSession, job: Job) -> Step:
    """Hand over the next families; what no longer stands as it was asked is refused with its reason, a family at a time."""
    if not await has_room(session):
        return Step(place=job.place)
    began, size, order = (
        time.monotonic(),
        int(job.place.get("size", FIRST_STEP)),
        HandOverTerms.model_validate(job.params),
    )
    giving, taking = await placements_of(session, order)
    phase = job.place.get("phase", "held")
    try:
        rows = await next_families(session, job, order, (giving, taking), phase, size)
        move = Move(job, order, giving, taking)
        await move.decide(session, rows)
        await move.write(session)
    except PostgresError as error:
        # Somebody else was faster with a family: the step is tried again, and then it is known.
        raise DBAPIError(None, None, error, hide_parameters=True) from error
    place = {"phase": phase, "after": str(rows[-1]["kpm_id"]) if rows else str(BEFORE_ALL)}
    place |= {"size": next_size(size, time.monotonic() - began)}
    if len(rows) < size:
        return await end_of(session, job, phase, move.step(place))
    return move.step(place)


async def next_families(
    session: AsyncSession,
    job: Job,
    order: HandOverTerms,
    placements: tuple[Penugasan, Penugasan],
    phase: str,
    size: int,
) -> list[dict[str, object]]:
    """Return the next families in the order of their ids, locked as far as they are accompanied."""
    giving, taking = placements
    after, purpose = UUID(job.place.get("after", str(BEFORE_ALL))), order.purpose and order.purpose.value
    # Fast path: one statement reads and locks the families of a step (bench: hand_over).
    found = await (await raw(session)).fetch(
        PHASES[phase],
        *(giving.penugasan_id, giving.pendamping_id, order.kode_wilayah, order.on, purpose),
        *(taking.penugasan_id, taking.valid_to, after, size),
    )
    return [dict(row) for row in found]


async def end_of(session: AsyncSession, job: Job, phase: str, step: Step) -> Step:
    """After those whom the giver has come those whom he had last; then it is over."""
    if phase == "held":
        step.place = step.place | {"phase": "lost", "after": str(BEFORE_ALL)}
        return step
    step.finished = True
    done = sa.update(HandOver).where(HandOver.hand_over_id == UUID(job.params["hand_over_id"]))
    await session.execute(done.values(open=False))
    return step


WORK = Work(steps={KIND: hand_over_families}, dues={KIND: begin})
