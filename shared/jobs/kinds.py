"""Jobs, scheduled tasks, and the registry of their handlers."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Self
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from shared.access import Actor
from shared.words import Words

LEASE = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class RowError:
    """Why one row of the input was refused, warned about or changed.

    `kind` is ERROR, WARNING (the row was taken) or CHANGE (what it changes or changed). `row` counts from 1. `reason`
    says what to do, in both languages, and `params` are values that are safe to show.
    """

    row: int
    column: str | None
    code: str
    reason: Words
    params: Mapping[str, Any] = field(default_factory=dict[str, Any])
    kind: str = "ERROR"


@dataclass(slots=True)
class Job:
    """A leased job, as its step sees it.

    `place` is where the next step begins. Only a step changes it.
    """

    job_id: UUID
    kind: str
    params: dict[str, Any]
    place: dict[str, Any]
    actor: Actor
    total: int | None
    done: int
    refused: int
    report: dict[str, Any]


@dataclass(slots=True)
class Step:
    """The result of a step: counts, row errors and notes, and its place."""

    done: int = 0
    refused: int = 0
    errors: Sequence[RowError] = ()
    notes: Sequence[RowError] = ()
    place: dict[str, Any] = field(default_factory=dict[str, Any])
    finished: bool = False
    total: int | None = None
    report: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class ScheduledTask:
    """A scheduled task that is due.

    `moved` is true when it was moved or cancelled while its external call was made.
    """

    scheduled_task_id: UUID
    kind: str
    subject_id: str
    due_at: datetime
    payload: dict[str, Any]
    attempts: int
    moved: bool = False


StepFunction = Callable[[AsyncSession, Job], Awaitable[Step]]
ScheduledTaskHandler = Callable[[AsyncSession, ScheduledTask], Awaitable[None]]


def for_subject(command: Callable[[AsyncSession, UUID], Awaitable[None]]) -> ScheduledTaskHandler:
    """Return a handler that calls a command with the task's subject id."""

    async def handle(session: AsyncSession, due: ScheduledTask) -> None:
        await command(session, UUID(due.subject_id))

    return handle


@dataclass(slots=True)
class Work:
    """The handlers of a service's worker: job steps, scheduled tasks and external calls, by kind."""

    steps: dict[str, StepFunction] = field(default_factory=dict[str, StepFunction])
    scheduled_tasks: dict[str, ScheduledTaskHandler] = field(default_factory=dict[str, ScheduledTaskHandler])
    calls: dict[str, "ExternalCall"] = field(default_factory=dict[str, "ExternalCall"])

    @classmethod
    def of(cls, *parts: "Work") -> Self:
        """Merge the handlers that the modules of a service register.

        Raises:
            ValueError: two modules register one kind.
        """
        merged = cls()
        for part in parts:
            for name in ("steps", "scheduled_tasks", "calls"):
                known, own = getattr(merged, name), getattr(part, name)
                if twice := known.keys() & own.keys():
                    msg = f"registered twice: {', '.join(sorted(twice))}"
                    raise ValueError(msg)
                known.update(own)
        return merged


@dataclass(frozen=True, slots=True)
class ExternalCall:
    """A scheduled task that calls another system outside of any transaction.

    `prepare` and `record` each have a transaction, and `perform` runs between them. A call that was made is
    always recorded. `prepare` returns None when there is nothing to call, and may schedule the task again.
    """

    prepare: Callable[[AsyncSession, ScheduledTask], Awaitable[Any]]
    perform: Callable[[Any], Awaitable[Any]]
    record: Callable[[AsyncSession, ScheduledTask, Any], Awaitable[None]]
