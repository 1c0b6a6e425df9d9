"""Routes of deadlines: what waits too long, and the rules that say when it does."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

import sqlalchemy as sa
from annotated_types import Interval, Len
from fastapi import Query
from pydantic import BaseModel, StrictInt, StringConstraints
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from shared import clock
from shared.access import Permission, Role
from shared.deadlines.queries import Filters, require_waiting_state, select_overdue
from shared.deadlines.rules import EVERY, set_rule
from shared.deadlines.tables import deadline_rule, overdue
from shared.deadlines.waiting_kinds import WaitingKind, WaitingState
from shared.deadlines.waiting_tables import find_waiting_tables
from shared.fields import Body, Day, RequestOnly, Sentence, View, Wilayah
from shared.http.changes import DayRange, days_of
from shared.http.declared import may
from shared.http.paging import Page, Paging
from shared.http.route import CurrentActor, Router, Session
from shared.remedies import CORRECT_REQUEST

Days = Annotated[StrictInt, Interval(ge=1, le=3650), RequestOnly(14)]
Name = Annotated[str, StringConstraints(pattern=r"^(\*|[A-Za-z][A-Za-z_]{1,60})$")]


class OverdueItem(View):
    """Something that waits longer than its deadline, and who has to act.

    `subject_kind` and `subject_id` name the row that waits. `escalated_to` is the role that was called, `level` times.
    """

    overdue_id: UUID
    subject_kind: WaitingKind
    subject_id: str
    state: WaitingState
    kpm_id: UUID | None
    kode_wilayah: str
    since_on: date
    due_on: date
    owner: Role
    pendamping_id: UUID | None
    level: int
    escalated_to: Role | None
    noted_on: date


class OverduePage(Page):
    """A page of what is overdue, the oldest deadline first."""

    items: list[OverdueItem]


class EscalationStepView(BaseModel):
    """A role that is called, and the days after which the next one is."""

    role: Role
    days: int


class DeadlineRuleView(BaseModel):
    """A version of a deadline. `valid_to` is the first day of the next version."""

    deadline_rule_id: UUID
    subject_kind: str
    state: str
    owner: Role | None
    days: int
    escalate_to: list[EscalationStepView]
    basis: str
    valid_from: date
    valid_to: date | None
    set_by: str
    set_at: datetime


class DeadlineRulePage(Page):
    """A page of deadline rules."""

    items: list[DeadlineRuleView]


class EscalationStepBody(Body):
    """A role that is called, and the days after which the next one is."""

    role: Role
    days: Days


class DeadlineRuleBody(Body):
    """How long a state may wait from a day on, and who is called then.

    "*" is every kind of subject, or every state. `owner` replaces the role that has to act.
    """

    subject_kind: Annotated[Name, RequestOnly("sanggah")] = EVERY
    state: Annotated[Name, RequestOnly("DIAJUKAN")] = EVERY
    owner: Role | None = None
    days: Days
    escalate_to: Annotated[list[EscalationStepBody], Len(0, 5)]
    valid_from: Day
    basis: Sentence


def overdue_router(metadata: sa.MetaData) -> Router:
    """Return the router of what waits too long in a service."""
    router = Router(tag="overdue")

    @router.get("/overdue", response_model=OverduePage)
    @may(Permission.OVERDUE_READ)
    async def list_overdue(
        session: Session,
        actor: CurrentActor,
        paging: Paging,
        days: Annotated[DayRange, days_of("due_on")],
        subject_kind: Annotated[WaitingKind | None, Query()] = None,
        state: Annotated[WaitingState | None, Query()] = None,
        owner: Annotated[Role | None, Query()] = None,
        escalated_to: Annotated[Role | None, Query()] = None,
        pendamping_id: Annotated[UUID | None, Query()] = None,
        kpm_id: Annotated[UUID | None, Query()] = None,
        kode_wilayah: Annotated[Wilayah | None, Query()] = None,
    ) -> Response:
        """List what waits longer than its deadline in the caller's scope, the oldest deadline first."""
        equal = {"subject_kind": subject_kind, "state": state, "owner": owner, "escalated_to": escalated_to}
        filters = Filters(equal | {"kpm_id": kpm_id}, kode_wilayah, pendamping_id)
        statement = await select_overdue(session, metadata, actor, tuple(OverdueItem.model_fields), filters)
        statement = days.limit(statement, overdue.c.due_on)
        return await paging.answer(session, statement, (overdue.c.due_on, overdue.c.overdue_id))

    return router


def deadline_rule_router(metadata: sa.MetaData) -> Router:
    """Return the router of the deadline rules of a service."""
    router, tables = Router(tag="overdue"), find_waiting_tables(metadata)

    @router.get("/deadline-rule", response_model=DeadlineRulePage)
    @may(Permission.OVERDUE_READ)
    async def list_deadline_rules(session: Session, paging: Paging) -> Response:
        """List the deadlines of states, past and planned ones too."""
        columns = deadline_rule.c
        statement = sa.select(*(columns[name] for name in DeadlineRuleView.model_fields))
        order = (columns.subject_kind, columns.state, columns.valid_from, columns.deadline_rule_id)
        return await paging.answer(session, statement, order)

    @router.post("/deadline-rule", status_code=201)
    @may(Permission.DEADLINE_RULE_SET, key_required=True, undo=CORRECT_REQUEST)
    async def set_deadline_rule(
        body: DeadlineRuleBody, session: Session, actor: CurrentActor
    ) -> DeadlineRuleView:
        """Set the deadline of a state from a day on, also for what waits already."""
        require_waiting_state(tables, body.subject_kind, body.state)
        return await _set_rule(session, body.model_dump(mode="json"), body.valid_from, actor.sub)

    return router


async def _set_rule(
    session: AsyncSession, values: dict[str, Any], valid_from: date, set_by: str
) -> DeadlineRuleView:
    terms = values | {"valid_from": valid_from, "set_by": set_by}
    row = await set_rule(session, terms, await clock.today(session))
    return DeadlineRuleView.model_validate(row, from_attributes=True)
