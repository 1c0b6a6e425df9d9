"""When a monitoring task takes a result, and when its result is void."""

from dataclasses import dataclass
from datetime import date

from services.graduation.case.errors import NEXT_ACTS
from services.graduation.case.models import GraduasiState
from services.graduation.monitoring.errors import (
    CaseNotMonitored,
    MonitoringAlreadyRecorded,
    MonitoringNotRecorded,
    TaskClosed,
)
from services.graduation.monitoring.models import MonitoringTask, TaskKind

S = GraduasiState
MONITORED = frozenset({S.PEMANTAUAN, S.DISANGGAH, S.SELESAI})
"""The states in which a decided result may be reversed."""


@dataclass(frozen=True, slots=True)
class TaskState:
    """The state of a listed task and of its case."""

    kind: TaskKind
    recorded_on: date | None
    closed_on: date | None
    case_state: GraduasiState


def require_open(task: MonitoringTask | TaskState, state: GraduasiState) -> None:
    """Raise MonitoringAlreadyRecorded, CaseNotMonitored or TaskClosed unless the task takes a result.

    `state` is that of the case.
    """
    if task.recorded_on is not None:
        raise MonitoringAlreadyRecorded(on=task.recorded_on)
    later_states = {S.SELESAI} if task.kind is not TaskKind.BULANAN else set[GraduasiState]()
    if state not in {S.PEMANTAUAN, *later_states}:
        raise CaseNotMonitored(state=state, remedy=NEXT_ACTS[state])
    if task.closed_on is not None:
        raise TaskClosed(on=task.closed_on)


def require_recorded(task: MonitoringTask | TaskState) -> None:
    """Raise TaskClosed or MonitoringNotRecorded unless the task has a result."""
    if task.recorded_on is None:
        raise TaskClosed(on=task.closed_on) if task.closed_on is not None else MonitoringNotRecorded


def require_reversible(task: MonitoringTask | TaskState, state: GraduasiState) -> None:
    """Raise what `require_recorded` does, or CaseNotMonitored, unless the result may be reversed."""
    require_recorded(task)
    if state not in MONITORED:
        raise CaseNotMonitored(state=state, remedy=NEXT_ACTS[state])
