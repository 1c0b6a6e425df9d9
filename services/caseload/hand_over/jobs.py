"""Job of a hand-over. Each step moves some families and commits with its progress."""

import time
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from asyncpg import PostgresError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.hand_over.commands.families import ACCOMPANIED, LAST_ACCOMPANIED, read_left_out
from services.caseload.hand_over.commands.move import Move
from services.caseload.hand_over.commands.order import read_placements
from services.caseload.hand_over.commands.request import KIND
from services.caseload.hand_over.errors import LEFT_OUT
from services.caseload.hand_over.models import HandOver, HandOverTerms
from services.caseload.replicas.models import Penugasan
from shared.database import raw
from shared.errors import Words
from shared.jobs import Job, RowError, ScheduledTask, Step, Work, enqueue
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
    if phase == "left_out":
        return await list_left_out(session, job, order, (giving, taking))
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
        return end_phase(phase, move.step(place))
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


def end_phase(phase: str, step: Step) -> Step:
    """Continue with the families that the giver accompanied last, then with those left out."""
    following = {"accompanied": "last_accompanied", "last_accompanied": "left_out"}
    step.place = step.place | {"phase": following[phase], "after": str(LOWEST_ID)}
    return step


async def list_left_out(
    session: AsyncSession, job: Job, order: HandOverTerms, placements: tuple[Penugasan, Penugasan]
) -> Step:
    """List the next counted families that were neither moved nor refused, and finish."""
    hand_over_id, after = UUID(job.params["hand_over_id"]), UUID(job.place["after"])
    rows = await read_left_out(session, hand_over_id, order, placements, after, FIRST_STEP)
    done = int(job.report.get("left_out", 0))
    first = job.done + job.refused + done + 1
    notes = [explain_left_out(number, row, order) for number, row in enumerate(rows, first)]
    place = job.place | ({"after": str(rows[-1]["kpm_id"])} if rows else {})
    finished = len(rows) < FIRST_STEP
    if finished:
        statement = sa.update(HandOver).where(HandOver.hand_over_id == hand_over_id)
        await session.execute(statement.values(open=False))
    return Step(notes=notes, place=place, finished=finished, report={"left_out": done + len(rows)})


def explain_left_out(number: int, row: dict[str, Any], order: HandOverTerms) -> RowError:
    """Return why a counted family was left out, and what to do."""
    sentences = (text.format(kode_wilayah=order.kode_wilayah) for text in LEFT_OUT[row["code"]])
    params = {"kpm_id": str(row["kpm_id"])}
    return RowError(number, None, row["code"], Words(*sentences), params, "CHANGE")


WORK = Work(steps={KIND: hand_over_families}, scheduled_tasks={KIND: start_hand_over})
