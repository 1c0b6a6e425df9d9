"""Reverse a wrong result of a decided monitoring (docs/case-lifecycle.md#wrong-results)."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.approval.models import ApprovalRequest
from services.graduation.case.commands.transitions import Act, advance
from services.graduation.case.models import Graduasi, GraduasiState, Outcome
from services.graduation.case.queries import find_accompanied
from services.graduation.monitoring import rules
from services.graduation.monitoring.commands.results import lock_task, to_event
from services.graduation.monitoring.commands.tasks import find_relapse, has_open_task, reopen_tasks
from services.graduation.monitoring.commands.voids import (
    copy_result,
    read_other_result,
    reopen_task,
    require_family,
)
from services.graduation.monitoring.models import MonitoringTask, ReversalTerms, TaskKind
from services.graduation.tables import CaseReason
from shared import clock
from shared.access import Actor
from shared.clock import Moment, moment_of
from shared.contracts.graduation import RelapseReversed
from shared.messaging import emit


async def require_reversible(
    session: AsyncSession, actor: Actor, task_id: UUID, _terms: ReversalTerms
) -> str:
    """Raise what refuses a reversal today, and return the area of the case.

    Raises:
        NotFound, MonitoringNotRecorded, TaskClosed, CaseNotMonitored, FamilyHasEnded, FamilyAccompaniedLately
    """
    case, _, task = await lock_task(session, task_id)
    rules.require_reversible(task, case.state)
    await require_family(session, case)
    today = await clock.today(session)
    for refusal in (await find_accompanied(session, actor, [case.kpm_id], today)).values():
        raise refusal
    return case.kode_wilayah


async def reverse_result(
    session: AsyncSession, actor: Actor, request: ApprovalRequest, terms: ReversalTerms
) -> MonitoringTask:
    """Void a result by an approved request, and what it decided.

    A case that it completed is monitored again, and a relapse that it confirmed is lifted. If another task confirms a
    relapse, the task is closed until that relapse is lifted.

    Raises:
        Those of `require_reversible`.
    """
    await require_reversible(session, actor, request.subject_id, terms)
    case, policy, task = await lock_task(session, request.subject_id)
    moment, code = await moment_of(session), CaseReason.HASIL_DIBATALKAN
    act = Act(actor, moment, reason=terms.reason, evidence=terms.evidence_sha256, code=code)
    is_decided = await _lift_relapse(session, case, task, act.moment)
    voided = to_event(task, voided=True)
    session.add(copy_result(session, task, act.moment, actor, terms.void_reason))
    await reopen_task(session, case, task, act.moment)
    reopens = not is_decided and await _has_completed(session, case, task)
    if reopens:
        case.outcome = None
        await advance(session, [(case, policy)], [GraduasiState.PEMANTAUAN], act)
    task.closed_on = act.moment.on if is_decided else task.closed_on
    event = await read_other_result(session, task) or voided
    emit(session, event.model_copy(update={"reopens": reopens}))
    return task


async def _lift_relapse(session: AsyncSession, case: Graduasi, task: MonitoringTask, now: Moment) -> bool:
    """Lift the relapse that the result confirms. Return whether another task confirms one."""
    relapse = await find_relapse(session, case)
    if relapse is None:
        return False
    # The months are judged again, whichever of them was wrong.
    of_months = task.kind is TaskKind.BULANAN and relapse.kind is TaskKind.BULANAN
    if relapse is not task and not of_months:
        return True
    relapse.confirms_relapse = False
    await reopen_tasks(session, case)
    emit(session, RelapseReversed.of(relapse, confirmed_on=relapse.recorded_on, reversed_on=now.on))
    return False


async def _has_completed(session: AsyncSession, case: Graduasi, task: MonitoringTask) -> bool:
    """Return whether the case is complete by this result or without an open month."""
    if case.state is not GraduasiState.SELESAI:
        return False
    decided = task.kind is TaskKind.BULANAN or case.outcome is Outcome.KAMBUH
    return decided or await has_open_task(session, case, TaskKind.BULANAN)
