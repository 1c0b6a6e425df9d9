"""Commands for tasks after an exit: monthly monitoring, follow-ups, and checks of reported relapses."""

from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.case.commands.accompaniment import require_dampingan_or_area
from services.graduation.case.commands.transitions import Act, advance, load_case
from services.graduation.case.errors import NEXT_ACTS
from services.graduation.case.models import Graduasi, GraduasiState, Outcome
from services.graduation.decree.models import Penetapan
from services.graduation.family_end.models import FamilyEnd
from services.graduation.monitoring.errors import (
    CaseNotMonitored,
    CauseMissing,
    MonitoringAlreadyRecorded,
    MonitoringTooEarly,
    TaskClosed,
)
from services.graduation.monitoring.models import FindingTerms, LateEntryRule, MonitoringTask, TaskKind
from services.graduation.policy.models.policy import LAST_MONTH, Policy
from shared.access import Actor
from shared.accompaniment import open_work_day, require_recent
from shared.clock import Moment, moment_of
from shared.contracts.graduation import MonitoringRecorded, RelapseConfirmed
from shared.contracts.kinds import MonitoringOutcome
from shared.database import load, uuid7, write_once
from shared.dates import months_after, require_not_future
from shared.errors import NotFound
from shared.messaging import emit

# The month of an event about the end of the monitoring that no visit has found.
WITHOUT_VISIT = 0
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


async def create_follow_ups(session: AsyncSession, case: Graduasi, policy: Policy) -> None:
    """Create the follow-up tasks of the policy after the monitoring has ended."""
    statement = sa.select(Penetapan.effective_on).where(Penetapan.graduasi_id == case.graduasi_id)
    effective_on = (await session.scalars(statement)).one()
    for month in policy.follow_up_months:
        if month > policy.monitoring_months:
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
    if await _has_confirmed_relapse(session, case):
        return
    today = (await moment_of(session)).on
    await _insert_check(session, case, max(today, effective_on), effective_on, policy)


async def _has_confirmed_relapse(session: AsyncSession, case: Graduasi) -> bool:
    statement = sa.select(MonitoringTask.task_id).where(
        MonitoringTask.graduasi_id == case.graduasi_id, MonitoringTask.confirms_relapse
    )
    return await session.scalar(statement) is not None


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


async def record_monitoring(
    session: AsyncSession, actor: Actor, task_id: UUID, finding: FindingTerms
) -> MonitoringTask:
    """Record the result of a task and end the monitoring if this result completes it.

    It is judged by the day of the visit. The result of the last month decides between BERTAHAN and KAMBUH. A check or
    a follow-up that finds a relapse confirms it at once.

    Raises:
        NotFound, FamilyNotAccompanied, CaseNotMonitored, TaskClosed, MonitoringAlreadyRecorded, MonitoringTooEarly,
        CauseMissing, DateInTheFuture, WorkEnteredTooLate
    """
    now = await moment_of(session)
    on = finding.visited_on or now.on
    require_not_future(on, now.latest_on, "/body/visited_on")
    await require_recent(session, LateEntryRule, on, now.on, "/body/visited_on")
    await open_work_day(session, on)
    case, policy, task = await _lock_task(session, task_id)
    author = await require_dampingan_or_area(
        session,
        actor,
        case.kpm_id,
        case.kode_wilayah,
        on,
        monitored=case.state is GraduasiState.PEMANTAUAN,
        late=on < now.on,
    )
    _require_recordable(case, task, on, finding)
    _set_result(task, on, now, finding, author)
    outcome, relapse = await _evaluate_result(session, case, task)
    emit(session, _to_event(task, outcome))
    act = Act(actor, now, reason="the monitoring is complete")
    await _complete_monitoring(session, (case, policy), act, outcome)
    if relapse is not None:
        await _confirm_relapse(session, case, relapse, now)
    return task


async def _lock_task(session: AsyncSession, task_id: UUID) -> tuple[Graduasi, Policy, MonitoringTask]:
    # The case is locked first, so that two concurrent last results see each other.
    graduasi_id = await session.scalar(
        sa.select(MonitoringTask.graduasi_id).where(MonitoringTask.task_id == task_id)
    )
    if graduasi_id is None:
        raise NotFound("monitoring task")
    case, policy = await load_case(session, graduasi_id)
    return case, policy, await load(session, MonitoringTask, task_id, noun="monitoring task")


def _require_recordable(case: Graduasi, task: MonitoringTask, on: date, finding: FindingTerms) -> None:
    if task.recorded_on is not None:
        raise MonitoringAlreadyRecorded(on=task.recorded_on)
    later_states = {GraduasiState.SELESAI} if task.kind is not TaskKind.BULANAN else set[GraduasiState]()
    if case.state not in {GraduasiState.PEMANTAUAN, *later_states}:
        raise CaseNotMonitored(state=case.state, remedy=NEXT_ACTS[case.state])
    if task.closed_on is not None:
        raise TaskClosed(on=task.closed_on)
    if on < task.opens_on:
        raise MonitoringTooEarly(on=task.opens_on)
    if not finding.still_out and finding.cause is None:
        raise CauseMissing("/body/cause")


def _set_result(
    task: MonitoringTask, on: date, now: Moment, finding: FindingTerms, author: tuple[UUID, UUID]
) -> None:
    task.visited_on = on
    task.recorded_on, task.still_out, task.version = now.on, finding.still_out, task.version + 1
    task.cause, task.note = None if finding.still_out else finding.cause, finding.note
    task.pendamping_id, task.penugasan_id = author


async def _evaluate_result(
    session: AsyncSession, case: Graduasi, task: MonitoringTask
) -> tuple[Outcome | None, MonitoringTask | None]:
    """Return the outcome if this result completes the monitoring, and the relapse, if any.

    The relapse is the task that confirms it.
    A check or follow-up confirms a relapse by itself. Of the monthly tasks the last month decides, in whatever
    order their results were recorded.
    """
    in_monitoring = case.state is GraduasiState.PEMANTAUAN
    if task.kind is not TaskKind.BULANAN:
        return (None, None) if task.still_out else (Outcome.KAMBUH if in_monitoring else None, task)
    await session.flush()
    tasks = await _read_monthly_tasks(session, case)
    if any(one.recorded_on is None for one in tasks):
        return None, None
    return (Outcome.BERTAHAN, None) if tasks[-1].still_out else (Outcome.KAMBUH, tasks[-1])


async def _read_monthly_tasks(session: AsyncSession, case: Graduasi) -> Sequence[MonitoringTask]:
    statement = sa.select(MonitoringTask).where(
        MonitoringTask.graduasi_id == case.graduasi_id, MonitoringTask.kind == TaskKind.BULANAN
    )
    return (await session.scalars(statement.order_by(MonitoringTask.month))).all()


async def _complete_monitoring(
    session: AsyncSession, case_and_policy: tuple[Graduasi, Policy], act: Act, outcome: Outcome | None
) -> None:
    case, policy = case_and_policy
    if outcome is not None:
        case.outcome = outcome
        await advance(session, [case_and_policy], [GraduasiState.SELESAI], act)
    if outcome is Outcome.BERTAHAN:
        await create_follow_ups(session, case, policy)


async def _confirm_relapse(session: AsyncSession, case: Graduasi, task: MonitoringTask, now: Moment) -> None:
    # `uq_monitoring_task_one_relapse` refuses a second confirmation.
    task.confirms_relapse = True
    await session.flush()
    await close_tasks(session, case, now.on)
    emit(session, RelapseConfirmed.of(task, confirmed_on=now.on))


async def complete_without_visit(
    session: AsyncSession, case: Graduasi, policy: Policy, act: Act, outcome: Outcome
) -> None:
    """Complete a case in PEMANTAUAN whose family has ended, with that outcome."""
    case.outcome = outcome
    await advance(session, [(case, policy)], [GraduasiState.SELESAI], act)
    event = MonitoringRecorded(
        graduasi_id=case.graduasi_id,
        kpm_id=case.kpm_id,
        kode_wilayah=case.kode_wilayah,
        month=WITHOUT_VISIT,
        still_out=True,
        recorded_on=act.moment.on,
        completes=True,
        outcome=None if outcome is Outcome.TIDAK_DIPANTAU else MonitoringOutcome(outcome.value),
    )
    emit(session, event)


def _to_event(task: MonitoringTask, outcome: Outcome | None) -> MonitoringRecorded:
    return MonitoringRecorded.of(
        task,
        completes=outcome is not None,
        outcome=MonitoringOutcome(outcome.value) if outcome else None,
    )
