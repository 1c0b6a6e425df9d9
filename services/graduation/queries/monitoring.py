"""Reads of the tasks after an exit."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.models import MonitoringTask
from services.graduation.queries.seen import accompanied
from shared import clock
from shared.access import Actor, Role

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


async def tasks(session: AsyncSession, caller: Actor, graduasi_id: UUID | None, open_only: bool) -> Any:
    """Select monitoring tasks; a pendamping sees those of the families they hold today."""
    statement = sa.select(*TASK)
    if caller.roles == {Role.PENDAMPING}:
        statement = statement.where(accompanied(MonitoringTask.kpm_id, caller, await clock.today(session)))
    if graduasi_id is not None:
        statement = statement.where(MonitoringTask.graduasi_id == graduasi_id)
    if open_only:
        statement = statement.where(MonitoringTask.recorded_on.is_(None), MonitoringTask.closed_on.is_(None))
    return statement
