"""Routes of every service: parked events and the clock, beside files and jobs."""

from datetime import datetime
from typing import Annotated

import sqlalchemy as sa
from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from shared import clock, schema
from shared.access import Permission
from shared.database.models import metadata_of
from shared.fields import Instant
from shared.http import account, audit, files, jobs, labels, resumable_uploads
from shared.http.declared import may
from shared.http.overdue import deadline_rule_router, overdue_router
from shared.http.paging import Page, Paging
from shared.http.route import Router, Session
from shared.messaging import parked_events
from shared.remedies import CHANGES_NOTHING, nothing
from shared.settings import Settings

SKIPPED = nothing(
    "A skipped event is never applied; a later event about the same thing brings its newer state.",
    "Peristiwa yang dilewati tidak pernah diterapkan; peristiwa berikutnya membawa keadaan terbaru.",
)
TIME = nothing("Time only moves forward.", "Waktu hanya bergerak maju.")


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


class ParkedPage(Page):
    """A page of parked events."""

    items: list[ParkedItem]


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
    metadata = metadata_of(settings.service)
    service_routers = [
        account.router,
        jobs.router,
        parked_router(),
        files.router,
        resumable_uploads.router,
        labels.router,
    ]
    service_routers += [
        overdue_router(metadata),
        deadline_rule_router(metadata),
        audit.router,
        audit.subject_router(metadata),
    ]
    if not settings.production:
        clock.configure(settings)
        service_routers.append(clock_router())
    return service_routers


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
    @may(Permission.PARKED_RETRY, key_required=True, undo=CHANGES_NOTHING)
    async def retry_parked(order: ParkedOrder, session: Session) -> ParkedResult:
        """Ask the worker to apply the parked events of this key again, in order."""
        waiting = await parked_events.request_action(session, "retry", order.model_dump())
        return ParkedResult(ordered=True, waiting=waiting)

    @router.post("/parked/skip", status_code=202)
    @may(Permission.PARKED_SKIP, key_required=True, undo=SKIPPED)
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
    @may(Permission.CLOCK_SET, undo=TIME)
    async def set_clock(setting: ClockSetting, session: Session) -> ClockView:
        """Move the business clock forward."""
        await clock.set_to(session, setting.now)
        return ClockView(now=await clock.now(session), today=str(await clock.today(session)))

    return router
