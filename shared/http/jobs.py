"""Routes of the jobs of every service."""

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import sqlalchemy as sa
from fastapi import Query
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from shared import jobs, schema
from shared.access import Permission
from shared.errors import NotFound
from shared.fields import Sentences
from shared.http.changes import ChangePage, ChangePaging, DayRange, days_of
from shared.http.declared import may
from shared.http.paging import Page, Paging
from shared.http.problem_schema import ProblemRemedy
from shared.http.refusals import read_remedy
from shared.http.route import CurrentActor, Router, Session
from shared.remedies import nothing

REQUESTED_AGAIN = nothing(
    "A cancelled job stays cancelled; the same work can be requested again.",
    "Pekerjaan yang dibatalkan tetap batal; pekerjaan yang sama dapat diminta lagi.",
)


class JobState(StrEnum):
    """How far a job is. CANCELLED: stopped by a request. FAILED: it cannot go on."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    DONE = "DONE"
    CANCELLED = "CANCELLED"
    FAILED = "FAILED"


JOB_KINDS = (
    *("coverage.count", "dampingan.end", "dampingan.restore", "dampingan_limit.check", "family_intake.run"),
    *("hand_over.run", "partner.replay", "platform.republish", "program.rematch"),
    *("sk.add_cases", "sk.correct", "tahap.move_exits"),
)
JobKind = Annotated[str, Field(json_schema_extra={"enum": [*JOB_KINDS], "x-enum": "JobKind"})]
"""The kind of a job, as the document lists it. Tests may run others."""


class JobReport(BaseModel):
    """Figures of a job. A kind has only some of them.

    `family_intake.run` has rows, bytes, families and codes. `sk.add_cases` and `sk.correct` have the SK.
    """

    rows: int = 0
    bad_rows: int = 0
    bytes: int = 0
    bytes_total: int = 0
    dry_run: bool = False
    families: int = 0
    new_families: int = 0
    changed_families: int = 0
    unchanged_families: int = 0
    refused_families: int = 0
    elsewhere_families: int = 0
    warnings: dict[str, int] = {}
    changes: dict[str, int] = {}
    cleared: dict[str, int] = {}
    sk_id: UUID | None = None
    sk_no: str = ""
    cases: int = 0
    drafts: int = 0
    added: int = 0
    left_out: int = 0
    left_out_by_reason: dict[str, int] = {}


class JobView(BaseModel):
    """The current state of a job.

    Counts are rows of the input, and `rate` is rows per second since the start. Of a FAILED job, `error` is a
    name for programs, and `reason` says why it failed and what to do.
    """

    job_id: UUID
    kind: JobKind
    state: JobState
    total: int | None
    done: int
    refused: int
    rate: float
    report: JobReport
    error: str | None
    reason: Sentences | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None


class JobPage(ChangePage):
    """Jobs, the last requested first."""

    items: list[JobView]


JOB = schema.job.c
SECONDS = sa.extract("epoch", sa.func.coalesce(JOB.ended_at, sa.func.clock_timestamp()) - JOB.started_at)
RATE = sa.func.coalesce(sa.func.round(JOB.done / sa.func.nullif(SECONDS, 0), 1), 0)
JOBS = sa.select(
    *(JOB[name] for name in JobView.model_fields if name != "rate"), sa.cast(RATE, sa.Float).label("rate")
)


PARAMS = (
    "Values of the sentence by name. An open object: each `code` has its own names, which its sentence shows in braces, and"
    " later releases add codes."
)


class RowErrorItem(BaseModel):
    """Why one row was refused, warned about or changed. Its content is not repeated.

    `remedy` is what to do about a refused row, if that does not depend on a state.
    """

    row: int
    number: int
    column: str | None
    code: str
    reason: Sentences
    params: Annotated[dict[str, Any], Field(description=PARAMS)]
    remedy: ProblemRemedy | None = None


class RowErrorPage(Page):
    """A page of rows with a reason each."""

    items: list[RowErrorItem]


router = Router(tag="jobs")


@router.get("/jobs", response_model=JobPage)
@may(Permission.JOB_READ)
async def list_jobs(
    session: Session,
    actor: CurrentActor,
    paging: ChangePaging,
    days: Annotated[DayRange, days_of("created_at")],
    state: Annotated[JobState | None, Query()] = None,
    kind: Annotated[str | None, Query(max_length=100)] = None,
) -> Response:
    """List the caller's jobs, the newest first. An operator sees those of all."""
    statement = JOBS.where(_is_readable(actor))
    if state is not None:
        statement = statement.where(JOB.state == state)
    if kind is not None:
        statement = statement.where(JOB.kind == kind)
    return await paging.answer(
        session, days.limit(statement, JOB.created_at), (JOB.job_id,), newest_first=True
    )


@router.get("/jobs/{job_id}", response_model_exclude_unset=True)
@may(Permission.JOB_READ)
async def read_job(job_id: UUID, session: Session, actor: CurrentActor) -> JobView:
    """Return the job's counts. Only its requester and operators may see it."""
    return await _job(session, job_id, actor)


@router.get("/jobs/{job_id}/errors", response_model=RowErrorPage)
@may(Permission.JOB_READ, personal=True)
async def list_job_errors(
    job_id: UUID, request: Request, session: Session, actor: CurrentActor, paging: Paging
) -> Response:
    """Return refused rows with row, column and reason, for 90 days after the job's end."""
    service = request.app.state.settings.service

    def add_remedy(row: dict[str, Any]) -> dict[str, Any]:
        return row | {"remedy": read_remedy(service, row["code"])}

    return await _rows_of(session, job_id, actor, paging, "ERROR", add_remedy)


@router.post("/jobs/{job_id}/cancellation", status_code=202, response_model_exclude_unset=True)
@may(Permission.JOB_CANCEL, undo=REQUESTED_AGAIN)
async def cancel_job(job_id: UUID, session: Session, actor: CurrentActor) -> JobView:
    """Stop the job between two steps. What was done stays."""
    await _job(session, job_id, actor)
    await jobs.request_cancellation(session, job_id)
    return await _job(session, job_id, actor)


@router.get("/jobs/{job_id}/warnings", response_model=RowErrorPage)
@may(Permission.JOB_READ, personal=True)
async def list_job_warnings(job_id: UUID, session: Session, actor: CurrentActor, paging: Paging) -> Response:
    """Return rows that were taken but should be checked."""
    return await _rows_of(session, job_id, actor, paging, "WARNING")


@router.get("/jobs/{job_id}/changes", response_model=RowErrorPage)
@may(Permission.JOB_READ, personal=True)
async def list_job_changes(job_id: UUID, session: Session, actor: CurrentActor, paging: Paging) -> Response:
    """Return what the job, or its dry run, ends, clears or changes."""
    return await _rows_of(session, job_id, actor, paging, "CHANGE")


async def _rows_of(
    session: Session,
    job_id: UUID,
    actor: CurrentActor,
    paging: Paging,
    kind: str,
    shape: Callable[[dict[str, Any]], dict[str, Any]] = dict,
) -> Response:
    await _job(session, job_id, actor)
    table = schema.job_row_error
    statement = sa.select(*(table.c[name] for name in RowErrorItem.model_fields if name != "remedy"))
    statement = statement.where(table.c.job_id == job_id, table.c.kind == kind)
    return await paging.answer(session, statement, (table.c.row, table.c.number), shape=shape)


def _is_readable(actor: CurrentActor) -> sa.ColumnElement[bool]:
    return sa.true() if actor.may(Permission.PARKED_READ) else JOB.actor_sub == actor.sub


async def _job(session: Session, job_id: UUID, actor: CurrentActor) -> JobView:
    statement = JOBS.where(JOB.job_id == job_id, _is_readable(actor))
    row = (await session.execute(statement)).mappings().one_or_none()
    if row is None:
        raise NotFound("job")
    return JobView.model_validate(dict(row))
