"""What long work and what falls due are made of, and what a worker knows to do."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Self
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from shared.access import Actor
from shared.errors import Words

LEASE = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class RowError:
    """Why one row was refused: its number in the input (from 1), its column, a code, a sentence that says what to do
    in both languages, and values safe to show.
    """

    row: int
    column: str | None
    code: str
    reason: Words
    params: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(slots=True)
class Job:
    """A leased job, as its step sees it. `place` is where the next step begins; only a step changes it."""

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
    """What a step did: rows done and refused (with reasons), where to go on, and whether that was all."""

    done: int = 0
    refused: int = 0
    errors: Sequence[RowError] = ()
    place: dict[str, Any] = field(default_factory=dict[str, Any])
    finished: bool = False
    total: int | None = None
    report: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class Due:
    """Something whose time has come. `moved`: it was moved or called off while the call was made."""

    due_id: UUID
    kind: str
    subject_id: str
    due_at: datetime
    payload: dict[str, Any]
    attempts: int
    moved: bool = False


StepFunction = Callable[[AsyncSession, Job], Awaitable[Step]]
DueFunction = Callable[[AsyncSession, Due], Awaitable[None]]


def for_subject(command: Callable[[AsyncSession, UUID], Awaitable[None]]) -> DueFunction:
    """Return the handler that calls a command with the id of what fell due."""

    async def handle(session: AsyncSession, due: Due) -> None:
        await command(session, UUID(due.subject_id))

    return handle


@dataclass(slots=True)
class Work:
    """What a service's worker knows to do: steps of jobs by kind, and handlers of what falls due by kind."""

    steps: dict[str, StepFunction] = field(default_factory=dict[str, StepFunction])
    dues: dict[str, DueFunction] = field(default_factory=dict[str, DueFunction])
    calls: dict[str, "OutsideCall"] = field(default_factory=dict[str, "OutsideCall"])

    @classmethod
    def of(cls, *parts: "Work") -> Self:
        """Join what the modules of a service register.

        Raises:
            ValueError: two modules register one kind.
        """
        whole = cls()
        for part in parts:
            for name in ("steps", "dues", "calls"):
                known, own = getattr(whole, name), getattr(part, name)
                if twice := known.keys() & own.keys():
                    msg = f"registered twice: {', '.join(sorted(twice))}"
                    raise ValueError(msg)
                known.update(own)
        return whole


@dataclass(frozen=True, slots=True)
class OutsideCall:
    """Read in one transaction, call outside of any, record what came of it in another.

    A call that was made is always recorded. `prepare` returns None where there is nothing to call; it may schedule
    the same thing for later.
    """

    prepare: Callable[[AsyncSession, Due], Awaitable[Any]]
    perform: Callable[[Any], Awaitable[Any]]
    record: Callable[[AsyncSession, Due, Any], Awaitable[None]]
