"""The months after an exit: results of visits, and the end of the case when all are in."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.commands.case import Act, Moment, advance, load_case, moment_of
from services.graduation.commands.dampingan import require_dampingan
from services.graduation.errors import AlreadyRecorded, CauseMissing, MonitoringTooEarly, NotUnderMonitoring
from services.graduation.models import Graduasi, GraduasiState, MonitoringTask, Outcome, Policy, RelapseCause
from shared.access import Actor
from shared.contracts.graduation import MonitoringRecorded, RelapseConfirmed
from shared.database import load
from shared.errors import NotFound
from shared.messaging import emit


async def record_monitoring(
    session: AsyncSession,
    actor: Actor,
    task_id: UUID,
    still_out: bool,
    cause: RelapseCause | None,
    note: str | None,
) -> MonitoringTask:
    """Take in what was found in a month; with the last one the case ends, BERTAHAN or KAMBUH as that one says.

    Raises:
        NotFound, NotYourFamily, NotUnderMonitoring, AlreadyRecorded, MonitoringTooEarly, CauseMissing
    """
    case, policy, task = await _locked(session, task_id)
    now = await moment_of(session)
    me = await require_dampingan(session, actor, case.kpm_id, case.kode_wilayah, now.on)
    _check(case, task, now, still_out=still_out, cause=cause)
    task.recorded_on, task.still_out, task.version = now.on, still_out, task.version + 1
    task.cause, task.note = None if still_out else cause, note
    task.pendamping_id, task.penugasan_id = me
    await session.flush()
    emit(session, _recorded(task, now))
    await _finish(session, case, policy, Act(actor, now, reason="the monitoring is complete"))
    return task


async def _locked(session: AsyncSession, task_id: UUID) -> tuple[Graduasi, Policy, MonitoringTask]:
    """The case first: two last results at once must see each other."""
    graduasi_id = await session.scalar(
        sa.select(MonitoringTask.graduasi_id).where(MonitoringTask.task_id == task_id)
    )
    if graduasi_id is None:
        raise NotFound("monitoring task")
    case, policy = await load_case(session, graduasi_id)
    return case, policy, await load(session, MonitoringTask, task_id, noun="monitoring task")


def _check(
    case: Graduasi, task: MonitoringTask, now: Moment, *, still_out: bool, cause: RelapseCause | None
) -> None:
    if task.recorded_on is not None:
        raise AlreadyRecorded(on=task.recorded_on)
    if case.state is not GraduasiState.PEMANTAUAN:
        raise NotUnderMonitoring(state=case.state)
    if now.on < task.opens_on:
        raise MonitoringTooEarly(on=task.opens_on)
    if not still_out and cause is None:
        raise CauseMissing("/body/cause")


def _recorded(task: MonitoringTask, now: Moment) -> MonitoringRecorded:
    return MonitoringRecorded(
        graduasi_id=task.graduasi_id,
        kpm_id=task.kpm_id,
        kode_wilayah=task.kode_wilayah,
        month=task.month,
        still_out=bool(task.still_out),
        recorded_on=now.on,
        pendamping_id=task.pendamping_id,
        penugasan_id=task.penugasan_id,
    )


async def _finish(session: AsyncSession, case: Graduasi, policy: Policy, act: Act) -> None:
    tasks = await session.scalars(
        sa.select(MonitoringTask)
        .where(MonitoringTask.graduasi_id == case.graduasi_id)
        .order_by(MonitoringTask.month)
    )
    found = tasks.all()
    if any(task.recorded_on is None for task in found):
        return
    last = found[-1]
    case.outcome = Outcome.BERTAHAN if last.still_out else Outcome.KAMBUH
    await advance(session, [(case, policy)], [GraduasiState.SELESAI], act)
    if not last.still_out:
        emit(session, _relapse(last, act.moment))


def _relapse(last: MonitoringTask, now: Moment) -> RelapseConfirmed:
    return RelapseConfirmed(
        graduasi_id=last.graduasi_id,
        kpm_id=last.kpm_id,
        kode_wilayah=last.kode_wilayah,
        month=last.month,
        cause=str(last.cause),
        confirmed_on=now.on,
        penugasan_id=last.penugasan_id,
    )
