"""Routes of every service: jobs, parked events and the clock."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import sqlalchemy as sa
from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from shared import clock, jobs, schema
from shared.access import Permission
from shared.database.models import metadata_of
from shared.errors import NotFound
from shared.fields import Instant
from shared.http import files
from shared.http.overdue import overdue_router
from shared.http.paging import Paging
from shared.http.route import CurrentActor, Router, Session, may
from shared.messaging import parked_events
from shared.settings import Settings


class Sentences(BaseModel):
    """A sentence for officials in both languages: what is wrong, and what to do."""

    en: str = Field(examples=["This job is DONE; it cannot be cancelled. What it did stays."])
    id: str = Field(
        examples=["Pekerjaan ini sudah DONE; tidak dapat dibatalkan. Yang sudah dikerjakan tetap berlaku."]
    )


class JobView(BaseModel):
    """The current state of a job.

    Counts are rows of the input, and `rate` is rows per second since the start. Of a FAILED job, `error` is a
    name for programs, and `reason` says why it failed and what to do.
    """

    job_id: UUID
    kind: str
    state: str = Field(examples=["RUNNING"])
    total: int | None
    done: int
    refused: int
    rate: float
    report: dict[str, Any]
    error: str | None
    reason: Sentences | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None


class RowErrorItem(BaseModel):
    """Why one row was refused, warned about or changed. Its content is not repeated."""

    row: int
    number: int
    column: str | None
    code: str
    reason: Sentences
    params: dict[str, Any]


class RowErrorPage(BaseModel):
    """A page of rows with a reason each."""

    items: list[RowErrorItem]
    next: str | None


class ClockSetting(BaseModel):
    """The instant to move the business clock to. It only moves forward."""

    model_config = ConfigDict(extra="forbid")

    now: Instant


class ClockView(BaseModel):
    """The current business time."""

    now: datetime
    today: str


class ParkedItem(BaseModel):
    """An event that could not be applied, without its content."""

    parked_id: int
    subscription: str
    topic: str
    key: str | None
    epoch: int | None
    seq: int | None
    wire: str | None
    reason: str
    error: str | None
    sqlstate: str | None
    constraint_name: str | None
    attempts: int
    parked_at: datetime


class ParkedPage(BaseModel):
    """A page of parked events."""

    items: list[ParkedItem]
    next: str | None


class ParkedOrder(BaseModel):
    """The key and the subscription to continue with."""

    model_config = ConfigDict(extra="forbid")

    subscription: str = Field(max_length=100)
    topic: str = Field(max_length=100)
    key: str = Field(max_length=100)


class ParkedResult(BaseModel):
    """The number of parked events that the worker will process."""

    ordered: bool
    waiting: int


def routers(settings: Settings) -> list[Router]:
    """Return the routers that every service has.

    The clock's router is left out in production.
    """
    service_routers = [jobs_router(), job_notes_router(), parked_router(), files.router]
    service_routers.append(overdue_router(metadata_of(settings.service)))
    if not settings.production:
        clock.configure(settings)
        service_routers.append(clock_router())
    return service_routers


def jobs_router() -> Router:
    """Return the router of jobs: progress, refused rows, cancellation."""
    router = Router(tag="jobs")

    @router.get("/jobs/{job_id}")
    @may(Permission.JOB_READ)
    async def read_job(job_id: UUID, session: Session, actor: CurrentActor) -> JobView:
        """Return the job's counts. Only its requester and operators may see it."""
        return await _job(session, job_id, actor)

    @router.get("/jobs/{job_id}/errors", response_model=RowErrorPage)
    @may(Permission.JOB_READ)
    async def list_job_errors(
        job_id: UUID, session: Session, actor: CurrentActor, paging: Paging
    ) -> Response:
        """Return refused rows with row, column and reason, for 90 days after the job's end."""
        return await _rows_of(session, job_id, actor, paging, "ERROR")

    @router.post("/jobs/{job_id}/cancellation", status_code=202)
    @may(Permission.JOB_CANCEL)
    async def cancel_job(job_id: UUID, session: Session, actor: CurrentActor) -> JobView:
        """Stop the job between two steps. What was done stays."""
        await _job(session, job_id, actor)
        await jobs.request_cancellation(session, job_id)
        return await _job(session, job_id, actor)

    return router


def job_notes_router() -> Router:
    """Return the router of what jobs list beside refused rows."""
    router = Router(tag="jobs")

    @router.get("/jobs/{job_id}/warnings", response_model=RowErrorPage)
    @may(Permission.JOB_READ)
    async def list_job_warnings(
        job_id: UUID, session: Session, actor: CurrentActor, paging: Paging
    ) -> Response:
        """Return rows that were taken but should be checked."""
        return await _rows_of(session, job_id, actor, paging, "WARNING")

    @router.get("/jobs/{job_id}/changes", response_model=RowErrorPage)
    @may(Permission.JOB_READ)
    async def list_job_changes(
        job_id: UUID, session: Session, actor: CurrentActor, paging: Paging
    ) -> Response:
        """Return what the job, or its dry run, ends, clears or changes."""
        return await _rows_of(session, job_id, actor, paging, "CHANGE")

    return router


async def _rows_of(
    session: Session, job_id: UUID, actor: CurrentActor, paging: Paging, kind: str
) -> Response:
    await _job(session, job_id, actor)
    table = schema.job_row_error
    statement = sa.select(*(table.c[name] for name in RowErrorItem.model_fields))
    statement = statement.where(table.c.job_id == job_id, table.c.kind == kind)
    return await paging.answer(session, statement, (table.c.row, table.c.number))


async def _job(session: Session, job_id: UUID, actor: CurrentActor) -> JobView:
    table = schema.job
    row = (await session.execute(sa.select(table).where(table.c.job_id == job_id))).one_or_none()
    if row is None or (row.actor_sub != actor.sub and not actor.may(Permission.PARKED_READ)):
        raise NotFound("job")
    end = row.ended_at or await session.scalar(sa.select(sa.func.clock_timestamp()))
    seconds = (end - row.started_at).total_seconds() if row.started_at else 0
    fields = {name: getattr(row, name) for name in JobView.model_fields if name != "rate"}
    return JobView(**fields, rate=round(row.done / seconds, 1) if seconds else 0.0)


def parked_router() -> Router:
    """Return the router of parked events: list, retry, skip."""
    router = Router(tag="parked")

    @router.get("/parked", response_model=ParkedPage)
    @may(Permission.PARKED_READ)
    async def list_parked(
        session: Session, paging: Paging, subscription: Annotated[str | None, Query(max_length=100)] = None
    ) -> Response:
        """Return the parked events, oldest first."""
        table = schema.parked
        statement = sa.select(*(table.c[name] for name in ParkedItem.model_fields))
        if subscription is not None:
            statement = statement.where(table.c.subscription == subscription)
        return await paging.answer(session, statement, (table.c.parked_id,))

    @router.post("/parked/retry", status_code=202)
    @may(Permission.PARKED_RETRY, key_required=True)
    async def retry_parked(order: ParkedOrder, session: Session) -> ParkedResult:
        """Ask the worker to apply the parked events of this key again, in order."""
        waiting = await parked_events.request_action(session, "retry", order.model_dump())
        return ParkedResult(ordered=True, waiting=waiting)

    @router.post("/parked/skip", status_code=202)
    @may(Permission.PARKED_SKIP, key_required=True)
    async def skip_parked(order: ParkedOrder, session: Session) -> ParkedResult:
        """Ask the worker to skip the first parked event of this key for good."""
        waiting = await parked_events.request_action(session, "skip", order.model_dump())
        return ParkedResult(ordered=True, waiting=waiting)

    return router


def clock_router() -> Router:
    """Return the router of a development deployment's business clock."""
    router = Router(tag="clock")

    @router.get("/clock")
    @may(Permission.CLOCK_READ)
    async def read_clock(session: Session) -> ClockView:
        """Return the business time in UTC and its date in Jakarta."""
        return ClockView(now=await clock.now(session), today=str(await clock.today(session)))

    @router.post("/clock", status_code=200)
    @may(Permission.CLOCK_SET)
    async def set_clock(setting: ClockSetting, session: Session) -> ClockView:
        """Move the business clock forward."""
        await clock.set_to(session, setting.now)
        return ClockView(now=await clock.now(session), today=str(await clock.today(session)))

    return router
