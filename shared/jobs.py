"""Long work in leased, resumable steps, and what falls due. A step, its progress and its events commit together."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from uuid import UUID

import sqlalchemy as sa
import structlog
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from shared import clock, schema
from shared.access import Actor, Role
from shared.database import Database
from shared.errors import DomainError, NotFound
from shared.faults import faultpoint

LEASE = timedelta(seconds=30)
MOST_TRIES = 5
MOST_ROW_ERRORS = 10_000
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class RowError:
    """Why one row was refused: its number in the input (from 1), its column, a code, and values safe to show."""

    row: int
    column: str | None
    code: str
    params: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(slots=True)
class Job:
    """A leased job, as its step sees it. `place` is where the next step begins; only a step changes it."""

    job_id: UUID
    kind: str
    params: dict[str, Any]
    place: dict[str, Any]
    actor: Actor
    total: int | None
    done: int
    refused: int
    report: dict[str, Any]


@dataclass(slots=True)
class Step:
    """What a step did: rows done and refused (with reasons), where to go on, and whether that was all."""

    done: int = 0
    refused: int = 0
    errors: Sequence[RowError] = ()
    place: dict[str, Any] = field(default_factory=dict[str, Any])
    finished: bool = False
    total: int | None = None
    report: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class Due:
    """Something whose time has come."""

    due_id: UUID
    kind: str
    subject_id: str
    due_at: datetime
    payload: dict[str, Any]
    attempts: int


StepFunction = Callable[[AsyncSession, Job], Awaitable[Step]]
DueFunction = Callable[[AsyncSession, Due], Awaitable[None]]


class JobEnded(DomainError):
    """409: the job is over; what it did stays told."""

    en = "This job is {state}; it cannot be cancelled."
    id = "Pekerjaan ini sudah {state}; tidak dapat dibatalkan."


def as_json(actor: Actor) -> dict[str, Any]:
    """Keep who asked, so that a later step acts with the same rights."""
    return {
        "sub": actor.sub,
        "roles": sorted(actor.roles),
        "areas": list(actor.areas),
        "ditjen": actor.ditjen,
        "pendamping_id": str(actor.pendamping_id) if actor.pendamping_id else None,
        "partner_id": str(actor.partner_id) if actor.partner_id else None,
    }


def from_json(fields: Mapping[str, Any]) -> Actor:
    """Return the actor that asked for a job."""
    return Actor(
        sub=fields["sub"],
        roles=frozenset(Role(role) for role in fields["roles"]),
        areas=tuple(fields["areas"]),
        ditjen=fields["ditjen"],
        pendamping_id=UUID(fields["pendamping_id"]) if fields["pendamping_id"] else None,
        partner_id=UUID(fields["partner_id"]) if fields["partner_id"] else None,
    )


async def enqueue(
    session: AsyncSession, kind: str, params: Mapping[str, Any], actor: Actor, *, total: int | None = None
) -> UUID:
    """Ask for long work; a worker begins it after the commit. Returns the job's id (`GET /v1/jobs/{id}`)."""
    job_id = uuid7()
    await session.execute(
        sa.insert(schema.job).values(
            job_id=job_id,
            kind=kind,
            params=dict(params),
            total=total,
            actor_sub=actor.sub,
            actor=as_json(actor),
            areas=list(actor.areas),
        )
    )
    return job_id


async def ask_cancel(session: AsyncSession, job_id: UUID) -> None:
    """Stop a job between two steps; what was done stays.

    Raises:
        NotFound, JobEnded
    """
    table = schema.job
    state = await session.scalar(sa.select(table.c.state).where(table.c.job_id == job_id).with_for_update())
    if state is None:
        raise NotFound("job")
    if state not in {"QUEUED", "RUNNING"}:
        raise JobEnded(state=state)
    await session.execute(sa.update(table).where(table.c.job_id == job_id).values(cancel_asked=True))


async def schedule(
    session: AsyncSession,
    kind: str,
    due_at: datetime,
    *,
    subject_id: object,
    clock: Literal["business", "real"] = "business",
    payload: Mapping[str, Any] | None = None,
) -> None:
    """Let `kind` fall due for a subject at an instant.

    Said again, it moves and is open again.
    """
    row = insert(schema.due).values(
        due_id=uuid7(),
        kind=kind,
        subject_id=str(subject_id),
        clock=clock,
        due_at=due_at,
        payload=dict(payload or {}),
    )
    moved = {"due_at": row.excluded.due_at, "payload": row.excluded.payload, "clock": row.excluded.clock}
    await session.execute(
        row.on_conflict_do_update(
            index_elements=["kind", "subject_id"],
            set_={**moved, "done_at": None, "attempts": 0, "error": None, "lease": None, "lease_until": None},
        )
    )


async def schedule_many(session: AsyncSession, kind: str, due: Mapping[object, datetime]) -> None:
    """Let `kind` fall due on the business clock for many subjects, each at its instant, in one statement."""
    if not due:
        return
    row = insert(schema.due)
    wanted = row.on_conflict_do_update(
        index_elements=["kind", "subject_id"],
        set_={
            "due_at": row.excluded.due_at,
            "done_at": None,
            "attempts": 0,
            "error": None,
            "lease": None,
            "lease_until": None,
        },
    )
    rows = [
        {
            "due_id": uuid7(),
            "kind": kind,
            "subject_id": str(subject),
            "clock": "business",
            "due_at": at,
            "payload": {},
        }
        for subject, at in due.items()
    ]
    await session.execute(wanted, rows)


async def unschedule(session: AsyncSession, kind: str, subject_id: object) -> None:
    """What would have fallen due no longer does."""
    table = schema.due
    await session.execute(
        sa.update(table)
        .where(table.c.kind == kind, table.c.subject_id == str(subject_id), table.c.done_at.is_(None))
        .values(done_at=sa.func.clock_timestamp())
    )


@dataclass(slots=True)
class Work:
    """What a service's worker knows to do: steps of jobs by kind, and handlers of what falls due by kind."""

    steps: dict[str, StepFunction] = field(default_factory=dict[str, StepFunction])
    dues: dict[str, DueFunction] = field(default_factory=dict[str, DueFunction])
    calls: dict[str, "OutsideCall"] = field(default_factory=dict[str, "OutsideCall"])

    def step(self, kind: str) -> Callable[[StepFunction], StepFunction]:
        """Register a job kind; its step is `async def (session, job) -> Step`."""

        def register(function: StepFunction) -> StepFunction:
            self.steps[kind] = function
            return function

        return register

    def due(self, kind: str) -> Callable[[DueFunction], DueFunction]:
        """Register what happens when `kind` falls due, as `async def (session, due)`."""

        def register(function: DueFunction) -> DueFunction:
            self.dues[kind] = function
            return function

        return register

    def call(self, kind: str, outside: "OutsideCall") -> None:
        """Register a due kind that calls somebody outside, between two transactions."""
        self.calls[kind] = outside


@dataclass(frozen=True, slots=True)
class OutsideCall:
    """Lease and read in one transaction, call outside of any, record what came of it in another."""

    prepare: Callable[[AsyncSession, Due], Awaitable[Any]]
    perform: Callable[[Any], Awaitable[Any]]
    record: Callable[[AsyncSession, Due, Any], Awaitable[None]]


async def work(database: Database, todo: Work, stop: asyncio.Event, *, poll_seconds: float = 0.25) -> None:
    """Do what there is to do until `stop`; one process of several, by leases."""
    while not stop.is_set():
        try:
            busy = await run_step(database, todo) | await run_due(database, todo)
        except (DBAPIError, OSError, TimeoutError) as error:
            log.warning("work_interrupted", error=type(error).__name__)
            busy = False
            await asyncio.sleep(1)
        if not busy:
            await _pause(stop, poll_seconds)


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return


LEASE_JOB = sa.text(
    "UPDATE platform.job SET state = 'RUNNING', lease = :lease, lease_until = clock_timestamp() + :term,"
    " started_at = coalesce(started_at, clock_timestamp()), attempts = attempts + 1"
    " WHERE job_id = (SELECT job_id FROM platform.job WHERE kind = ANY(:kinds) AND (state = 'QUEUED'"
    " OR (state = 'RUNNING' AND lease_until < clock_timestamp())) ORDER BY created_at LIMIT 1 FOR UPDATE SKIP LOCKED)"
    " RETURNING job_id"
)


async def run_step(database: Database, todo: Work) -> bool:
    """Lease one job and run its steps until it ends or the lease is lost. Returns whether there was one."""
    if not todo.steps:
        return False
    lease = uuid7()
    async with database.transaction(Actor.system(database.service)) as session:
        found = await session.execute(LEASE_JOB, {"lease": lease, "term": LEASE, "kinds": list(todo.steps)})
        job_id = found.scalar_one_or_none()
    if job_id is None:
        return False
    going = True
    while going:
        try:
            going = await _one_step(database, todo, job_id, lease)
        except (DBAPIError, DomainError, ValueError, LookupError, TypeError, AssertionError) as error:
            going = await _step_failed(database, job_id, lease, error)
    return True


async def _one_step(database: Database, todo: Work, job_id: UUID, lease: UUID) -> bool:
    async with database.transaction(Actor.system(database.service)) as session:
        table = schema.job
        row = (
            await session.execute(
                sa.select(table).where(table.c.job_id == job_id, table.c.lease == lease).with_for_update()
            )
        ).one_or_none()
        if row is None or row.state != "RUNNING":
            return False
        job = Job(
            row.job_id,
            row.kind,
            row.params,
            row.place,
            from_json(row.actor),
            row.total,
            row.done,
            row.refused,
            row.report,
        )
        session.info["actor"] = job.actor
        step = Step(finished=True) if row.cancel_asked else await todo.steps[row.kind](session, job)
        await faultpoint(f"job.{row.kind}.before_commit")
        state = "CANCELLED" if row.cancel_asked else "DONE" if step.finished else "RUNNING"
        await _write_step(session, job, step, state)
    await faultpoint(f"job.{row.kind}.after_commit")
    return state == "RUNNING"


async def _write_step(session: AsyncSession, job: Job, step: Step, state: str) -> None:
    table = schema.job
    ended = {"ended_at": sa.func.clock_timestamp(), "lease": None} if state != "RUNNING" else {}
    await session.execute(
        sa.update(table)
        .where(table.c.job_id == job.job_id)
        .values(
            state=state,
            done=table.c.done + step.done,
            refused=table.c.refused + step.refused,
            total=step.total if step.total is not None else table.c.total,
            place=step.place or job.place,
            report={**job.report, **step.report},
            lease_until=sa.func.clock_timestamp() + LEASE,
            attempts=0,
            **ended,
        )
    )
    if step.errors:
        await _write_errors(session, job.job_id, step.errors)


async def _write_errors(session: AsyncSession, job_id: UUID, errors: Sequence[RowError]) -> None:
    numbers: dict[int, int] = {}
    rows: list[dict[str, Any]] = []
    for error in errors:
        numbers[error.row] = numbers.get(error.row, 0) + 1
        rows.append(
            {
                "job_id": job_id,
                "row": error.row,
                "number": numbers[error.row],
                "column": error.column,
                "code": error.code,
                "params": dict(error.params),
            }
        )
    await session.execute(insert(schema.job_row_error).on_conflict_do_nothing(), rows)


async def _step_failed(database: Database, job_id: UUID, lease: UUID, error: Exception) -> bool:
    """Try again a little later; after five failures in a row the job FAILS, with the class of the error."""
    log.warning("step_failed", job_id=str(job_id), error=type(error).__name__)
    async with database.transaction(Actor.system(database.service)) as session:
        table = schema.job
        mine = sa.and_(table.c.job_id == job_id, table.c.lease == lease)
        attempts = await session.scalar(
            sa.update(table).where(mine).values(attempts=table.c.attempts + 1).returning(table.c.attempts)
        )
        if attempts is None:
            return False
        if attempts > MOST_TRIES:
            failed = {"state": "FAILED", "error": type(error).__name__, "lease": None}
            await session.execute(
                sa.update(table).where(mine).values(ended_at=sa.func.clock_timestamp(), **failed)
            )
            return False
    await asyncio.sleep(0.2 * attempts)
    return True


LEASE_DUE = sa.text(
    "UPDATE platform.due SET lease = :lease, lease_until = clock_timestamp() + :term"
    " WHERE due_id = (SELECT due_id FROM platform.due WHERE done_at IS NULL AND kind = ANY(:kinds)"
    " AND (lease_until IS NULL OR lease_until < clock_timestamp())"
    " AND ((clock = 'real' AND due_at <= clock_timestamp()) OR (clock = 'business' AND due_at <= :now))"
    " ORDER BY due_at, due_id LIMIT 1 FOR UPDATE SKIP LOCKED)"
    " RETURNING due_id, kind, subject_id, due_at, payload, attempts"
)


async def run_due(database: Database, todo: Work) -> bool:
    """Do one thing that has fallen due. Returns whether there was one."""
    kinds = [*todo.dues, *todo.calls]
    if not kinds:
        return False
    lease = uuid7()
    async with database.transaction(Actor.system(database.service)) as session:
        now = await clock.now(session)
        found = await session.execute(LEASE_DUE, {"lease": lease, "term": LEASE, "kinds": kinds, "now": now})
        row = found.one_or_none()
        if row is None:
            return False
        due = Due(row.due_id, row.kind, row.subject_id, row.due_at, row.payload, row.attempts)
        outside = todo.calls.get(due.kind)
        prepared = await outside.prepare(session, due) if outside else None
    try:
        result = await outside.perform(prepared) if outside and prepared is not None else None
        await _do_due(database, todo, due, lease, outside, result)
    except (DBAPIError, DomainError, ValueError, LookupError, TypeError, AssertionError) as error:
        await _due_failed(database, due, lease, error)
    return True


async def _do_due(
    database: Database, todo: Work, due: Due, lease: UUID, outside: OutsideCall | None, result: Any
) -> None:
    table = schema.due
    async with database.transaction(Actor.system(database.service)) as session:
        mine = sa.select(table.c.due_id).where(
            table.c.due_id == due.due_id, table.c.lease == lease, table.c.done_at.is_(None)
        )
        if (await session.execute(mine.with_for_update())).one_or_none() is None:
            return
        # Closed first: a handler that schedules the same thing again opens it again.
        await session.execute(
            sa.update(table)
            .where(table.c.due_id == due.due_id)
            .values(done_at=sa.func.clock_timestamp(), lease=None)
        )
        await (outside.record(session, due, result) if outside else todo.dues[due.kind](session, due))
        await faultpoint(f"due.{due.kind}.before_commit")


async def _due_failed(database: Database, due: Due, lease: UUID, error: Exception) -> None:
    """Nothing that fell due is dropped: it is tried again, later each time, for ever."""
    log.warning("due_failed", kind=due.kind, subject_id=due.subject_id, error=type(error).__name__)
    wait = timedelta(seconds=min(3600, 2**due.attempts))
    async with database.transaction(Actor.system(database.service)) as session:
        table = schema.due
        await session.execute(
            sa.update(table)
            .where(table.c.due_id == due.due_id, table.c.lease == lease)
            .values(
                attempts=table.c.attempts + 1,
                error=type(error).__name__,
                lease_until=datetime.now(UTC) + wait,
            )
        )
