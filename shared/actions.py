"""What a caller may do now with what an answer shows.

Each action is judged by the checks that its command makes itself.
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from shared.access import Actor, Permission
from shared.errors import DomainError
from shared.fields import View

Subject = TypeVar("Subject")


class Allowed(StrEnum):
    """Whether an action is possible now.

    YES: neither state, role nor scope refuses it. NO: it is refused as `why` says. UNKNOWN: what the request says
    decides.
    """

    YES = "YES"
    NO = "NO"
    UNKNOWN = "UNKNOWN"


class ActionView(View):
    """An operation on the shown thing, and whether the caller may call it.

    `operation` is an operation id. `why` is the title of the refusal, null unless the answer is NO.
    """

    operation: str
    allowed: Allowed
    why: str | None


@dataclass(frozen=True, slots=True)
class Action(Generic[Subject]):
    """An operation, its permission, and what refuses it for its state or its actor.

    `certain`: nothing else refuses a valid request.
    """

    operation: str
    permission: Permission
    require: Callable[[Subject, Actor], Awaitable[None]]
    certain: bool = True


async def list_actions(
    actor: Actor, actions: Iterable[Action[Subject]], subject: Subject
) -> list[ActionView]:
    """Return for each action whether the actor may take it now."""
    return [await _judge(actor, action, subject) for action in actions]


async def _judge(actor: Actor, action: Action[Subject], subject: Subject) -> ActionView:
    refusal = None
    try:
        await action.require(subject, actor.under(action.permission))
    except DomainError as error:
        refusal = error
    return to_action(action.operation, refusal, certain=action.certain)


def to_action(operation: str, refusal: DomainError | None, *, certain: bool = True) -> ActionView:
    """Return an action that a refusal forbids, or that is allowed without one."""
    if refusal is not None:
        return ActionView(operation=operation, allowed=Allowed.NO, why=type(refusal).__name__)
    return ActionView(operation=operation, allowed=Allowed.YES if certain else Allowed.UNKNOWN, why=None)


def find_refusal(require: Callable[..., object], *values: object) -> DomainError | None:
    """Return what a check refuses with, or None."""
    try:
        require(*values)
    except DomainError as refusal:
        return refusal
    return None
