"""Command that voids a wrong result of the monitoring."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.case.errors import NEXT_ACTS
from services.graduation.case.models import Graduasi, GraduasiState
from services.graduation.family_end.models import FamilyEnd
from services.graduation.monitoring.commands.results import lock_task, to_event
from services.graduation.monitoring.commands.tasks import find_relapse, has_open_task
from services.graduation.monitoring.errors import (
    CaseNotMonitored,
    MonitoringDecided,
)
from services.graduation.monitoring.models import MonitoringTask, TaskKind, VoidedResult
from services.graduation.monitoring.queries import view_task
from services.graduation.monitoring.rules import require_recorded
from services.graduation.replicas.models import StatusRange
from shared.access import Actor
from shared.accompaniment import open_work_day, require_voidable
from shared.clock import Moment, moment_of
from shared.contracts.caseload_activity import VoidReason
from shared.contracts.graduation import MonitoringRecorded
from shared.database import uuid7, vault_of
from shared.errors import FamilyHasEnded, NotFound
from shared.messaging import emit
from shared.privacy import seal_texts

RESULT_FIELDS = (
    *(
        "visited_on",
        "recorded_on",
        "still_out",
        "cause",
        "note_sealed",
        "evidence_sha256",
        "evidence_on",
        "entered_at",
    ),
)


async def void_result(
    session: AsyncSession, actor: Actor, task_id: UUID, *, reason: VoidReason
) -> MonitoringTask:
    """Void the result of a task, which then waits for the right one.

    The result stays readable. The evidence keeps its flag, so that a second entry does not avoid the clearance.

    Raises:
        NotFound, MonitoringNotRecorded, TaskClosed, MonitoringDecided, CaseNotMonitored, FamilyHasEnded, and what
        `require_voidable` raises.
    """
    now = await moment_of(session)
    seen = await session.get(MonitoringTask, task_id)
    if seen is None:
        raise NotFound("monitoring task")
    # Row security shows the case to its author, who accompanied the family on the day of the visit.
    await open_work_day(session, seen.visited_on or now.on)
    case, _, task = await lock_task(session, task_id)
    require_recorded(task)
    await require_voidable(session, actor, task.pendamping_id, StatusRange)
    await _require_undecided(session, case, task)
    voided = to_event(task, voided=True)
    session.add(copy_result(session, task, now, actor, reason))
    await reopen_task(session, case, task, now)
    emit(session, await read_other_result(session, task) or voided)
    return task


async def _require_undecided(session: AsyncSession, case: Graduasi, task: MonitoringTask) -> None:
    await require_family(session, case)
    if case.state is GraduasiState.SELESAI:
        if task.kind is TaskKind.BULANAN or await find_relapse(session, case):
            raise MonitoringDecided
    elif case.state not in {GraduasiState.PEMANTAUAN, GraduasiState.DISANGGAH}:
        raise CaseNotMonitored(state=case.state, remedy=NEXT_ACTS[case.state])


async def require_family(session: AsyncSession, case: Graduasi) -> None:
    """Require that the family of a complete case has not ended.

    Raises:
        FamilyHasEnded
    """
    if case.state is GraduasiState.SELESAI and (end := await session.get(FamilyEnd, case.kpm_id)):
        raise FamilyHasEnded(ended_on=end.ended_on, end_reason=end.end_reason)


def copy_result(
    session: AsyncSession, task: MonitoringTask, now: Moment, actor: Actor, reason: VoidReason
) -> VoidedResult:
    """Return a copy of a task's result, to be read after its void."""
    names = VoidedResult.model_fields.keys() & MonitoringTask.model_fields.keys() - {"note_sealed"}
    texts = {"note": view_task(session, task)["note"]}
    void = {"voided_on": now.on, "voided_by": actor.sub, "void_reason": reason}
    note = seal_texts(vault_of(session), texts, table="voided_result", row_id=(void_id := uuid7()))
    return VoidedResult(**{name: getattr(task, name) for name in names}, void_id=void_id, **void, **note)


async def reopen_task(session: AsyncSession, case: Graduasi, task: MonitoringTask, now: Moment) -> None:
    """Take the result off the task. A check is closed if another one is open."""
    replaced = task.kind is TaskKind.LAPORAN and await has_open_task(session, case, task.kind)
    for name in RESULT_FIELDS:
        setattr(task, name, None)
    task.closed_on = now.on if replaced else None
    # An open task is where the family lives now.
    task.kode_wilayah, task.version = case.kode_wilayah, task.version + 1
    await session.flush()


async def read_other_result(session: AsyncSession, task: MonitoringTask) -> MonitoringRecorded | None:
    """Return the result of another task of the same month."""
    statement = sa.select(MonitoringTask).where(
        MonitoringTask.graduasi_id == task.graduasi_id,
        MonitoringTask.month == task.month,
        MonitoringTask.recorded_on.is_not(None),
    )
    other = await session.scalar(statement.order_by(MonitoringTask.entered_at.desc()).limit(1))
    return to_event(other) if other else None
