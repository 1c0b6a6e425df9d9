"""The tasks after an exit: one a month, follow-ups later, a check when referral hears of a relapse."""

from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.case.commands.accompaniment import require_care
from services.graduation.case.commands.transitions import Act, advance, load_case
from services.graduation.case.models import Graduasi, GraduasiState, Outcome
from services.graduation.decree.models import Penetapan
from services.graduation.monitoring.errors import (
    CaseNotMonitored,
    CauseMissing,
    MonitoringAlreadyRecorded,
    MonitoringTooEarly,
    TaskClosed,
)
from services.graduation.monitoring.models import FindingTerms, MonitoringTask, TaskKind
from services.graduation.policy.models.policy import LAST_MONTH, Policy
from shared.access import Actor
from shared.clock import Moment, moment_of
from shared.contracts.graduation import MonitoringRecorded, RelapseConfirmed
from shared.contracts.kinds import MonitoringOutcome
from shared.database import load, uuid7, write_once
from shared.dates import months_after
from shared.errors import NotFound
from shared.messaging import emit

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
    row = {name: getattr(task, name) for name in MonitoringTask.model_fields}
    await write_once(session, MonitoringTask, row)


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


async def record_monitoring(
    session: AsyncSession, actor: Actor, task_id: UUID, finding: FindingTerms
) -> MonitoringTask:
    """Take in what was found; with the last month the case ends, BERTAHAN or KAMBUH as that one says.

    A check on a report, and a follow-up, that find a relapse confirm it at once.

    Raises:
        NotFound, FamilyNotAccompanied, CaseNotMonitored, TaskClosed, MonitoringAlreadyRecorded, MonitoringTooEarly, CauseMissing
    """
    case, policy, task = await _locked(session, task_id)
    now = await moment_of(session)
    held = case.state is GraduasiState.PEMANTAUAN
    me = await require_care(session, actor, case.kpm_id, case.kode_wilayah, now.on, held=held)
    _check(case, task, now, finding)
    _write(task, now, finding, me)
    outcome, relapse = await _found(session, case, task)
    emit(session, _recorded(task, outcome))
    act = Act(actor, now, reason="the monitoring is complete")
    await _finish(session, (case, policy), act, outcome)
    if relapse is not None:
        await _confirm(session, case, relapse, now)
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


def _check(case: Graduasi, task: MonitoringTask, now: Moment, finding: FindingTerms) -> None:
    if task.recorded_on is not None:
        raise MonitoringAlreadyRecorded(on=task.recorded_on)
    later = {GraduasiState.SELESAI} if task.kind is not TaskKind.BULANAN else set[GraduasiState]()
    if case.state not in {GraduasiState.PEMANTAUAN, *later}:
        raise CaseNotMonitored(state=case.state)
    if task.closed_on is not None:
        raise TaskClosed(on=task.closed_on)
    if now.on < task.opens_on:
        raise MonitoringTooEarly(on=task.opens_on)
    if not finding.still_out and finding.cause is None:
        raise CauseMissing("/body/cause")


def _write(task: MonitoringTask, now: Moment, finding: FindingTerms, me: tuple[UUID, UUID]) -> None:
    task.recorded_on, task.still_out, task.version = now.on, finding.still_out, task.version + 1
    task.cause, task.note = None if finding.still_out else finding.cause, finding.note
    task.pendamping_id, task.penugasan_id = me


async def _found(
    session: AsyncSession, case: Graduasi, task: MonitoringTask
) -> tuple[Outcome | None, MonitoringTask | None]:
    """How this result ends the monitoring, if it does, and the task that confirms a relapse.

    A check confirms by itself. Of the months the last one says it, in whatever order they were typed in.
    """
    ends = case.state is GraduasiState.PEMANTAUAN
    if task.kind is not TaskKind.BULANAN:
        return (None, None) if task.still_out else (Outcome.KAMBUH if ends else None, task)
    await session.flush()
    months = await _months(session, case)
    if any(one.recorded_on is None for one in months):
        return None, None
    return (Outcome.BERTAHAN, None) if months[-1].still_out else (Outcome.KAMBUH, months[-1])


async def _months(session: AsyncSession, case: Graduasi) -> Sequence[MonitoringTask]:
    monthly = sa.select(MonitoringTask).where(
        MonitoringTask.graduasi_id == case.graduasi_id, MonitoringTask.kind == TaskKind.BULANAN
    )
    return (await session.scalars(monthly.order_by(MonitoringTask.month))).all()


async def _finish(
    session: AsyncSession, watched: tuple[Graduasi, Policy], act: Act, outcome: Outcome | None
) -> None:
    """End the case where this result does; a family that stands is looked at again when its policy says."""
    case, policy = watched
    if outcome is not None:
        case.outcome = outcome
        await advance(session, [watched], [GraduasiState.SELESAI], act)
    if outcome is Outcome.BERTAHAN:
        await set_follow_ups(session, case, policy)


async def _confirm(session: AsyncSession, case: Graduasi, task: MonitoringTask, now: Moment) -> None:
    """Tell a relapse, once; nothing more is looked at (`uq_monitoring_task_one_relapse` stands behind it)."""
    task.confirms_relapse = True
    await session.flush()
    await close_tasks(session, case, now.on)
    emit(session, RelapseConfirmed.of(task, confirmed_on=now.on))


def _recorded(task: MonitoringTask, outcome: Outcome | None) -> MonitoringRecorded:
    return MonitoringRecorded.of(
        task,
        completes=outcome is not None,
        outcome=MonitoringOutcome(outcome.value) if outcome else None,
    )
