"""Commands that record results of the monitoring, and complete it."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.case.commands.accompaniment import require_dampingan_or_area
from services.graduation.case.commands.transitions import Act, advance, load_case
from services.graduation.case.models import Graduasi, GraduasiState, Outcome
from services.graduation.monitoring.commands.tasks import close_tasks, create_follow_ups
from services.graduation.monitoring.errors import (
    CauseMissing,
    EvidenceDayWithoutFile,
    MonitoringTooEarly,
)
from services.graduation.monitoring.models import (
    FindingTerms,
    LateEntryRule,
    MonitoringRule,
    MonitoringTask,
    TaskKind,
    VoidedResult,
)
from services.graduation.monitoring.rules import require_open
from services.graduation.policy.models.policy import Policy
from services.graduation.tables import CaseReason
from shared.access import Actor
from shared.accompaniment import open_work_day, require_recent
from shared.clock import Moment, moment_of
from shared.contracts.graduation import MonitoringRecorded, RelapseConfirmed
from shared.contracts.kinds import MonitoringOutcome
from shared.database import load, vault_of
from shared.dates import require_not_future
from shared.errors import NotFound
from shared.evidence import (
    EvidenceKind,
    EvidenceUse,
    FlagReason,
    find_flagged,
    insert_flag,
    require_evidence,
)
from shared.messaging import emit
from shared.privacy import seal_texts
from shared.validity import read_rule

# The month of an event about the end of the monitoring that no visit has found.
WITHOUT_VISIT = 0


async def record_monitoring(
    session: AsyncSession, actor: Actor, task_id: UUID, finding: FindingTerms
) -> MonitoringTask:
    """Record the result of a task and end the monitoring if this result completes it.

    It is judged by the day of the visit. The result of the last month decides between BERTAHAN and KAMBUH. A check or
    a follow-up that finds a relapse confirms it at once.

    Raises:
        NotFound, FamilyNotAccompanied, CaseNotMonitored, TaskClosed, MonitoringAlreadyRecorded, MonitoringTooEarly,
        CauseMissing, DateInTheFuture, WorkEnteredTooLate, EvidenceDayWithoutFile, FileNotUploaded
    """
    now = await moment_of(session)
    on = finding.visited_on or now.on
    require_not_future(on, now.latest_on, "/body/visited_on")
    await open_work_day(session, on)
    entered_on = await _read_entry_day(session, task_id, on) or now.on
    await require_recent(session, LateEntryRule, on, entered_on, "/body/visited_on")
    case, policy, task = await lock_task(session, task_id)
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
    _check_evidence_day(finding, now)
    _set_result(task, on, now, finding, author)
    note = seal_texts(vault_of(session), {"note": finding.note}, table="monitoring_task", row_id=task_id)
    task.note_sealed = note["note_sealed"]
    await _use_evidence(session, actor, task, now)
    outcome, relapse = await _evaluate_result(session, case, task)
    emit(session, to_event(task, outcome))
    act = Act(actor, now, code=CaseReason.PEMANTAUAN_SELESAI)
    await _complete_monitoring(session, (case, policy), act, outcome)
    if relapse is not None:
        await _confirm_relapse(session, case, relapse, now)
    return task


async def _read_entry_day(session: AsyncSession, task_id: UUID, on: date) -> date | None:
    """Return the day on which a voided result of a visit was entered.

    The right result of a visit until that day is judged by that day, however late it is entered.
    """
    statement = sa.select(sa.func.min(VoidedResult.recorded_on)).where(
        VoidedResult.task_id == task_id, VoidedResult.recorded_on >= on
    )
    return await session.scalar(statement)


async def lock_task(session: AsyncSession, task_id: UUID) -> tuple[Graduasi, Policy, MonitoringTask]:
    """Lock a task and its case, or raise NotFound."""
    # The case is locked first, so that two concurrent last results see each other.
    graduasi_id = await session.scalar(
        sa.select(MonitoringTask.graduasi_id).where(MonitoringTask.task_id == task_id)
    )
    if graduasi_id is None:
        raise NotFound("monitoring task")
    case, policy = await load_case(session, graduasi_id)
    return case, policy, await load(session, MonitoringTask, task_id, noun="monitoring task")


def _require_recordable(case: Graduasi, task: MonitoringTask, on: date, finding: FindingTerms) -> None:
    require_open(task, case.state)
    if on < task.opens_on:
        raise MonitoringTooEarly(on=task.opens_on)
    if not finding.still_out and finding.cause is None:
        raise CauseMissing("/body/cause")


def _set_result(
    task: MonitoringTask, on: date, now: Moment, finding: FindingTerms, author: tuple[UUID, UUID]
) -> None:
    task.visited_on = on
    task.recorded_on, task.still_out, task.version = now.on, finding.still_out, task.version + 1
    task.cause = None if finding.still_out else finding.cause
    task.pendamping_id, task.penugasan_id = author
    task.entered_at = now.at
    task.evidence_sha256, task.evidence_on = finding.evidence_sha256, finding.evidence_on


def _check_evidence_day(finding: FindingTerms, now: Moment) -> None:
    if finding.evidence_on is not None:
        require_not_future(finding.evidence_on, now.latest_on, "/body/evidence_on")
        if finding.evidence_sha256 is None:
            raise EvidenceDayWithoutFile("/body/evidence_sha256", on=finding.evidence_on)


async def _use_evidence(session: AsyncSession, actor: Actor, task: MonitoringTask, now: Moment) -> None:
    """Record the evidence of a result, and flag months that were entered together."""
    await require_evidence(session, task.evidence_sha256, _use_of(task, actor))
    if task.kind is not TaskKind.BULANAN or _is_dated(task):
        return
    others = await _read_months_since(session, task, now.at - await _read_together_span(session, now.on))
    together = [other for other in others if other.task_id != task.task_id and not _is_dated(other)]
    for one in [task, *together] if together else []:
        author = str(one.pendamping_id)
        account = actor.sub if one.pendamping_id == actor.pendamping_id else author
        await insert_flag(session, FlagReason.ENTERED_TOGETHER, _use_of(one, actor), (author, account))


def _use_of(task: MonitoringTask, actor: Actor) -> EvidenceUse:
    return EvidenceUse(EvidenceKind.PEMANTAUAN, task.task_id, task.kpm_id, task.kode_wilayah, actor)


def _is_dated(task: MonitoringTask) -> bool:
    """Return whether the evidence shows a day of the month of the task."""
    return task.evidence_on is not None and task.opens_on <= task.evidence_on < task.due_on


async def _read_months_since(
    session: AsyncSession, task: MonitoringTask, since: datetime
) -> Sequence[MonitoringTask]:
    statement = sa.select(MonitoringTask).where(
        MonitoringTask.graduasi_id == task.graduasi_id,
        MonitoringTask.kind == TaskKind.BULANAN,
        MonitoringTask.entered_at >= since,
    )
    return (await session.scalars(statement)).all()


async def _read_together_span(session: AsyncSession, on: date) -> timedelta:
    return timedelta(minutes=await read_rule(session, MonitoringRule.together_minutes, on))


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
    return await _judge_months(session, case)


async def _judge_months(
    session: AsyncSession, case: Graduasi
) -> tuple[Outcome | None, MonitoringTask | None]:
    """Return the outcome of the months, if all are recorded, and the relapse.

    Flagged results do not count for BERTAHAN.
    """
    tasks = await _read_monthly_tasks(session, case)
    if any(one.recorded_on is None for one in tasks):
        return None, None
    if not tasks[-1].still_out:
        return Outcome.KAMBUH, tasks[-1]
    is_held = await find_flagged(session, [one.task_id for one in tasks])
    return None if is_held else Outcome.BERTAHAN, None


async def continue_monitoring(session: AsyncSession, actor: Actor, task_id: UUID) -> None:
    """Complete the monitoring of a task whose flag was cleared, if nothing else holds it."""
    task = await session.get(MonitoringTask, task_id)
    if task is None or task.kind is not TaskKind.BULANAN:
        return
    case, policy = await load_case(session, task.graduasi_id)
    if case.state is not GraduasiState.PEMANTAUAN:
        return
    outcome, _ = await _judge_months(session, case)
    if outcome is Outcome.BERTAHAN:
        act = Act(actor, await moment_of(session), code=CaseReason.PEMANTAUAN_SELESAI)
        await complete_without_visit(session, case, policy, act, outcome)
        await create_follow_ups(session, case, policy)


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
    """Complete a case in PEMANTAUAN with an outcome that no visit of today has found."""
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


def to_event(
    task: MonitoringTask, outcome: Outcome | None = None, *, voided: bool = False
) -> MonitoringRecorded:
    """Return the event of a result. `outcome` is set if it completes the monitoring."""
    return MonitoringRecorded.of(
        task,
        completes=outcome is not None,
        outcome=MonitoringOutcome(outcome.value) if outcome else None,
        voided=voided,
        reopens=False,
    )
