"""The tasks after an exit: one a month, follow-ups later, a check when referral hears of a relapse."""

from datetime import date, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.commands.case import load_case
from services.graduation.models import (
    LAST_MONTH,
    Graduasi,
    GraduasiState,
    MonitoringTask,
    Penetapan,
    Policy,
    TaskKind,
)
from shared.clock import moment_of
from shared.database import uuid7
from shared.dates import months_after

# Where a family may be looked at again: the exit was in effect, and no relapse is known.
WATCHED = {GraduasiState.EFEKTIF, GraduasiState.PEMANTAUAN, GraduasiState.DISANGGAH, GraduasiState.SELESAI}


async def set_tasks(session: AsyncSession, case: Graduasi, policy: Policy, penetapan: Penetapan) -> None:
    """Make one task a month; those there before a sanggah that was refused move with the tahap, results stay."""
    there = sa.select(MonitoringTask).where(
        MonitoringTask.graduasi_id == case.graduasi_id, MonitoringTask.kind == TaskKind.BULANAN
    )
    known = {task.month: task for task in await session.scalars(there)}
    for month in range(1, policy.monitoring_months + 1):
        task = known.get(month)
        if task is None:
            session.add(_task(case, penetapan.effective_on, TaskKind.BULANAN, month))
        elif task.recorded_on is None:
            task.opens_on, task.due_on = _range(penetapan.effective_on, month)


async def set_follow_ups(session: AsyncSession, case: Graduasi, policy: Policy) -> None:
    """The months are over and the family stands: it is looked at again when its policy says."""
    found = sa.select(Penetapan.effective_on).where(Penetapan.graduasi_id == case.graduasi_id)
    effective_on = (await session.scalars(found)).one()
    for month in policy.follow_up_months:
        if month > policy.monitoring_months:
            session.add(_task(case, effective_on, TaskKind.LANJUTAN, month))


def _range(effective_on: date, month: int) -> tuple[date, date]:
    return months_after(effective_on, month - 1), months_after(effective_on, month)


def _task(case: Graduasi, effective_on: date, kind: TaskKind, month: int) -> MonitoringTask:
    opens_on, due_on = _range(effective_on, month)
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


async def ask_for_check(session: AsyncSession, graduasi_id: UUID) -> None:
    """Let the holder look at a family of which referral heard bad news; one look at a time, none after a relapse."""
    found = sa.select(Penetapan.effective_on).where(Penetapan.graduasi_id == graduasi_id)
    effective_on = await session.scalar(found)
    if effective_on is None:
        return
    case, policy = await load_case(session, graduasi_id)
    if case.state not in WATCHED or await _has_fallen(session, case):
        return
    today = (await moment_of(session)).on
    await _add_check(session, case, max(today, effective_on), effective_on, policy)


async def _has_fallen(session: AsyncSession, case: Graduasi) -> bool:
    """Whether a relapse is known, of the months or of a later look; it is told once and needs no further one."""
    told = sa.select(MonitoringTask.task_id).where(
        MonitoringTask.graduasi_id == case.graduasi_id, MonitoringTask.confirms_relapse
    )
    return await session.scalar(told) is not None


async def _add_check(
    session: AsyncSession, case: Graduasi, opens_on: date, effective_on: date, policy: Policy
) -> None:
    task = _task(case, effective_on, TaskKind.LAPORAN, running_month(effective_on, opens_on))
    task.opens_on, task.due_on = opens_on, opens_on + timedelta(days=policy.check_days)
    row = {column.key: getattr(task, column.key) for column in MonitoringTask.__table__.columns}
    await session.execute(insert(MonitoringTask).values(row).on_conflict_do_nothing())


def running_month(effective_on: date, on: date) -> int:
    """Return in which month after the exit a date lies, from 1; past the last month, that one."""
    months = (on.year - effective_on.year) * 12 + on.month - effective_on.month
    if months_after(effective_on, months) > on:
        months -= 1
    return min(max(months + 1, 1), LAST_MONTH)


async def close_tasks(session: AsyncSession, case: Graduasi, on: date) -> None:
    """What is not recorded falls due no more; results that are in stay."""
    waiting = sa.update(MonitoringTask).where(
        MonitoringTask.graduasi_id == case.graduasi_id,
        MonitoringTask.recorded_on.is_(None),
        MonitoringTask.closed_on.is_(None),
    )
    await session.execute(waiting.values(closed_on=on, version=MonitoringTask.version + 1))
