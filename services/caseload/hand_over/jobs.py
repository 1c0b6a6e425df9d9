"""Job of a hand-over. Each step moves some families and commits with its progress."""

import time
from uuid import UUID

import sqlalchemy as sa
from asyncpg import PostgresError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.hand_over.commands.families import ACCOMPANIED, LAST_ACCOMPANIED
from services.caseload.hand_over.commands.move import Move
from services.caseload.hand_over.commands.order import read_placements
from services.caseload.hand_over.commands.request import KIND
from services.caseload.hand_over.models import HandOver, HandOverTerms
from services.caseload.replicas.models import Penugasan
from shared.database import raw
from shared.jobs import Job, ScheduledTask, Step, Work, enqueue
from shared.jobs.backpressure import next_size, outbox_has_room
from shared.jobs.queue import from_json


async def start_hand_over(session: AsyncSession, due: ScheduledTask) -> None:
    """Enqueue a hand-over's job on its day, with the rights of its orderer."""
    params = dict(due.payload)
    actor, families = from_json(params.pop("actor")), params.pop("families")
    hand_over = await session.get_one(HandOver, UUID(due.subject_id), with_for_update={"key_share": True})
    hand_over.job_id = await enqueue(session, KIND, params, actor, total=families, ordered_before=True)


FIRST_STEP = 500
PHASES = {
    "accompanied": ACCOMPANIED + "AND d.kpm_id > $8 ORDER BY d.kpm_id LIMIT $9 FOR NO KEY UPDATE OF d",
    "last_accompanied": LAST_ACCOMPANIED + "AND d.kpm_id > $8 ORDER BY d.kpm_id LIMIT $9",
}
LOWEST_ID = UUID(int=0)


async def hand_over_families(session: AsyncSession, job: Job) -> Step:
    """Hand over the next families.

    A family that cannot be moved is refused with its reason.
    """
    if not await outbox_has_room(session):
        return Step(place=job.place)
    started, size, order = (
        time.monotonic(),
        int(job.place.get("size", FIRST_STEP)),
        HandOverTerms.model_validate(job.params),
    )
    giving, taking = await read_placements(session, order)
    phase = job.place.get("phase", "accompanied")
    try:
        rows = await lock_next_families(session, job, order, (giving, taking), phase, size)
        move = Move(job, order, giving, taking)
        await move.decide(session, rows)
        await move.write(session)
    except PostgresError as error:
        # Another transaction changed a family first. The retried step reads the new state.
        raise DBAPIError(None, None, error, hide_parameters=True) from error
    place = {"phase": phase, "after": str(rows[-1]["kpm_id"]) if rows else str(LOWEST_ID)}
    place |= {"size": next_size(size, time.monotonic() - started)}
    if len(rows) < size:
        return await end_phase(session, job, phase, move.step(place))
    return move.step(place)


async def lock_next_families(
    session: AsyncSession,
    job: Job,
    order: HandOverTerms,
    placements: tuple[Penugasan, Penugasan],
    phase: str,
    size: int,
) -> list[dict[str, object]]:
    """Return the next families by id. The dampingan of accompanied ones are locked."""
    giving, taking = placements
    after, purpose = UUID(job.place.get("after", str(LOWEST_ID))), order.purpose and order.purpose.value
    # Fast path: one statement reads and locks the families of a step (bench: hand_over).
    rows = await (await raw(session)).fetch(
        PHASES[phase],
        *(giving.penugasan_id, giving.pendamping_id, order.kode_wilayah, order.on, purpose),
        *(taking.penugasan_id, taking.valid_to, after, size),
    )
    return [dict(row) for row in rows]


async def end_phase(session: AsyncSession, job: Job, phase: str, step: Step) -> Step:
    """Continue with the families that the giver accompanied last, or finish the hand-over."""
    if phase == "accompanied":
        step.place = step.place | {"phase": "last_accompanied", "after": str(LOWEST_ID)}
        return step
    step.finished = True
    statement = sa.update(HandOver).where(HandOver.hand_over_id == UUID(job.params["hand_over_id"]))
    await session.execute(statement.values(open=False))
    return step


WORK = Work(steps={KIND: hand_over_families}, scheduled_tasks={KIND: start_hand_over})
