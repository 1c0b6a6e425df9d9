"""The acts on the tasks of a list that its reader may do now."""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from services.graduation.case.models import Graduasi, GraduasiState
from services.graduation.monitoring import rules
from services.graduation.monitoring.models import MonitoringTask
from services.graduation.monitoring.queries import open_note
from services.graduation.monitoring.rules import TaskState
from shared.access import Actor, Permission
from shared.actions import ListedAction, ListedActions
from shared.privacy import Vault

CASE_STATE = (
    sa.select(Graduasi.state)
    .where(Graduasi.graduasi_id == MonitoringTask.graduasi_id)
    .scalar_subquery()
    .label("case_state")
)
"""The state of the case of a listed task."""

# Its day, the placement of a pendamping, and what was decided since refuse more.
ACTIONS: tuple[ListedAction[TaskState], ...] = (
    ListedAction(
        "record_monitoring",
        Permission.MONITORING_RECORD,
        lambda task: rules.require_open(task, task.case_state),
        certain=False,
    ),
    ListedAction("void_monitoring", Permission.MONITORING_VOID, rules.require_recorded, certain=False),
    ListedAction(
        "reverse_monitoring",
        Permission.MONITORING_REVERSE,
        lambda task: rules.require_reversible(task, task.case_state),
        certain=False,
    ),
)
"""The acts on a listed task."""


def make_lister(vault: Vault, reader: Actor) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Return the function that opens the note of a listed task and adds the actions."""
    actions = ListedActions(reader, ACTIONS)

    def shape(row: dict[str, Any]) -> dict[str, Any]:
        # An author may see the task without its case. The command then judges the case.
        case_state = row.pop("case_state") or GraduasiState.PEMANTAUAN
        state = TaskState(row["kind"], row["recorded_on"], row["closed_on"], case_state)
        return open_note(vault, row) | {"actions": actions.of(state)}

    return shape
