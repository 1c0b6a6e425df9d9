"""Reads of the tasks after an exit."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.models import MonitoringTask
from services.graduation.queries.seen import held_by, within
from services.graduation.queries.waiting import OPEN_TASK, my_tasks
from shared import clock
from shared.access import Actor, Scope

TASK = (
    MonitoringTask.task_id,
    MonitoringTask.graduasi_id,
    MonitoringTask.kpm_id,
    MonitoringTask.kode_wilayah,
    MonitoringTask.kind,
    MonitoringTask.month,
    MonitoringTask.opens_on,
    MonitoringTask.due_on,
    MonitoringTask.recorded_on,
    MonitoringTask.closed_on,
    MonitoringTask.still_out,
    MonitoringTask.cause,
    MonitoringTask.note,
    MonitoringTask.version,
)


@dataclass(frozen=True, slots=True)
class TaskFilter:
    """Which tasks are wanted; `mine`: of the families that the caller holds today, and of those that nobody holds."""

    graduasi_id: UUID | None = None
    open_only: bool = True
    mine: bool = False
    due_by: date | None = None


async def tasks(session: AsyncSession, caller: Actor, wanted: TaskFilter) -> Any:
    """Select monitoring tasks; a pendamping sees those of the families they hold today."""
    statement = sa.select(*TASK)
    if wanted.mine:
        statement = statement.where(await my_tasks(session, caller))
    elif caller.scope is Scope.OWN_FAMILIES:
        held = held_by(caller, await clock.today(session))
        statement = statement.where(MonitoringTask.kpm_id.in_(held))
    else:
        statement = statement.where(within(MonitoringTask.kode_wilayah, caller))
    if wanted.graduasi_id is not None:
        statement = statement.where(MonitoringTask.graduasi_id == wanted.graduasi_id)
    if wanted.open_only:
        statement = statement.where(OPEN_TASK)
    if wanted.due_by is not None:
        statement = statement.where(MonitoringTask.due_on <= wanted.due_by)
    return statement
