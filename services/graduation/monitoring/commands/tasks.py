"""Commands that create and close tasks after an exit."""

from datetime import date, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.case.commands.transitions import load_case
from services.graduation.case.models import Graduasi, GraduasiState
from services.graduation.decree.models import Penetapan
from services.graduation.family_end.models import FamilyEnd
from services.graduation.monitoring.models import MonitoringTask, TaskKind
from services.graduation.monitoring.queries import OPEN_TASK
from services.graduation.policy.models.policy import LAST_MONTH, Policy
from shared.clock import moment_of
from shared.database import uuid7, write_once
from shared.dates import months_after

# States in which a reported relapse is checked: the exit is or was effective.
CHECKABLE_STATES = {
    GraduasiState.EFEKTIF,
    GraduasiState.PEMANTAUAN,
    GraduasiState.DISANGGAH,
    GraduasiState.SELESAI,
}


async def create_monthly_tasks(
    session: AsyncSession, case: Graduasi, policy: Policy, penetapan: Penetapan
) -> None:
    """Create one task for each monitoring month of the policy.

    After a refused sanggah the tasks exist already: tasks without a result move to the new dates.
    """
    statement = sa.select(MonitoringTask).where(
        MonitoringTask.graduasi_id == case.graduasi_id, MonitoringTask.kind == TaskKind.BULANAN
    )
    tasks = {task.month: task for task in await session.scalars(statement)}
    for month in range(1, policy.monitoring_months + 1):
        task = tasks.get(month)
        if task is None:
            session.add(_build_task(case, penetapan.effective_on, TaskKind.BULANAN, month))
        elif task.recorded_on is None:
            task.opens_on, task.due_on = _month_bounds(penetapan.effective_on, month)


async def move_tasks(session: AsyncSession, case: Graduasi, policy: Policy, effective_on: date) -> None:
    """Move the open months and checks of a case to its new effective day."""
    statement = sa.select(MonitoringTask).where(
        MonitoringTask.graduasi_id == case.graduasi_id,
        MonitoringTask.kind != TaskKind.LANJUTAN,
        OPEN_TASK,
    )
    for task in await session.scalars(statement):
        if task.kind is TaskKind.BULANAN:
            task.opens_on, task.due_on = _month_bounds(effective_on, task.month)
        elif task.opens_on < effective_on:
            task.month = month_of_exit(effective_on, effective_on)
            task.opens_on, task.due_on = effective_on, effective_on + timedelta(days=policy.check_days)


async def create_follow_ups(session: AsyncSession, case: Graduasi, policy: Policy) -> None:
    """Create the follow-up tasks of the policy after the monitoring has ended.

    Those that exist since an earlier end of the monitoring are kept.
    """
    statement = sa.select(Penetapan.effective_on).where(Penetapan.graduasi_id == case.graduasi_id)
    effective_on = (await session.scalars(statement)).one()
    months = sa.select(MonitoringTask.month).where(
        MonitoringTask.graduasi_id == case.graduasi_id, MonitoringTask.kind == TaskKind.LANJUTAN
    )
    existing = set(await session.scalars(months))
    for month in policy.follow_up_months:
        if month > policy.monitoring_months and month not in existing:
            session.add(_build_task(case, effective_on, TaskKind.LANJUTAN, month))


def _month_bounds(effective_on: date, month: int) -> tuple[date, date]:
    return months_after(effective_on, month - 1), months_after(effective_on, month)


def _build_task(case: Graduasi, effective_on: date, kind: TaskKind, month: int) -> MonitoringTask:
    opens_on, due_on = _month_bounds(effective_on, month)
    return MonitoringTask(
        task_id=uuid7(),
        graduasi_id=case.graduasi_id,
        kpm_id=case.kpm_id,
        kode_wilayah=case.kode_wilayah,
        kind=kind,
        month=month,
        opens_on=opens_on,
        due_on=due_on,
        confirms_relapse=False,
        version=1,
    )


async def create_check(session: AsyncSession, graduasi_id: UUID) -> None:
    """Create a check task for a family of which referral has reported a relapse.

    A case has at most one open check, and none after a confirmed relapse or the end of the family.
    """
    statement = sa.select(Penetapan.effective_on).where(Penetapan.graduasi_id == graduasi_id)
    effective_on = await session.scalar(statement)
    if effective_on is None:
        return
    case, policy = await load_case(session, graduasi_id)
    if case.state not in CHECKABLE_STATES or await session.get(FamilyEnd, case.kpm_id):
        return
    if await find_relapse(session, case):
        return
    today = (await moment_of(session)).on
    await _insert_check(session, case, max(today, effective_on), effective_on, policy)


async def find_relapse(session: AsyncSession, case: Graduasi) -> MonitoringTask | None:
    """Return the task that confirms a relapse of the family, if any."""
    statement = sa.select(MonitoringTask).where(
        MonitoringTask.graduasi_id == case.graduasi_id, MonitoringTask.confirms_relapse
    )
    return await session.scalar(statement)


async def has_open_task(session: AsyncSession, case: Graduasi, kind: TaskKind) -> bool:
    """Return whether a task of this kind waits for its result."""
    statement = sa.select(MonitoringTask.task_id).where(
        MonitoringTask.graduasi_id == case.graduasi_id, MonitoringTask.kind == kind, OPEN_TASK
    )
    return await session.scalar(statement.limit(1)) is not None


async def _insert_check(
    session: AsyncSession, case: Graduasi, opens_on: date, effective_on: date, policy: Policy
) -> None:
    task = _build_task(case, effective_on, TaskKind.LAPORAN, month_of_exit(effective_on, opens_on))
    task.opens_on, task.due_on = opens_on, opens_on + timedelta(days=policy.check_days)
    row = {name: getattr(task, name) for name in MonitoringTask.model_fields}
    await write_once(session, MonitoringTask, row)


def month_of_exit(effective_on: date, on: date) -> int:
    """Return which month after the exit contains a date, at most LAST_MONTH."""
    months = (on.year - effective_on.year) * 12 + on.month - effective_on.month
    if months_after(effective_on, months) > on:
        months -= 1
    return min(max(months + 1, 1), LAST_MONTH)


async def close_tasks(session: AsyncSession, case: Graduasi, on: date) -> None:
    """Close the tasks of a case that have no result."""
    statement = sa.update(MonitoringTask).where(
        MonitoringTask.graduasi_id == case.graduasi_id,
        MonitoringTask.recorded_on.is_(None),
        MonitoringTask.closed_on.is_(None),
    )
    await session.execute(statement.values(closed_on=on, version=MonitoringTask.version + 1))


async def reopen_tasks(session: AsyncSession, case: Graduasi) -> None:
    """Open the months and follow-ups again that a relapse has closed."""
    statement = sa.update(MonitoringTask).where(
        MonitoringTask.graduasi_id == case.graduasi_id,
        MonitoringTask.kind != TaskKind.LAPORAN,
        MonitoringTask.closed_on.is_not(None),
    )
    values = {"closed_on": None, "kode_wilayah": case.kode_wilayah, "version": MonitoringTask.version + 1}
    await session.execute(statement.values(values))
