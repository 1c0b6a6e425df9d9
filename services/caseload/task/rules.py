"""When a task may be finished or opened again."""

from datetime import datetime

from services.caseload.task.errors import TugasAlreadyDone, TugasNotDone


def require_open(done_at: datetime | None) -> None:
    """Raise TugasAlreadyDone unless the task is open."""
    if done_at is not None:
        raise TugasAlreadyDone


def require_done(done_at: datetime | None) -> None:
    """Raise TugasNotDone unless the task is done."""
    if done_at is None:
        raise TugasNotDone
