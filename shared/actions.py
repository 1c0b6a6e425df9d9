"""What a caller may do now with what an answer shows.

Each action is judged by the checks that its command makes itself.
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Generic, TypeVar

from pydantic import Field

from shared.access import Actor, Permission, Scope
from shared.errors import DomainError
from shared.fields import Sentences, View

# The operations of all `actions`, in the order of the process. `labels.txt` has the words of their buttons.
OPERATIONS = (
    "finish_task",
    "reopen_task",
    "assess_graduasi",
    "sign_pernyataan",
    "propose_graduasi",
    "verify_graduasi",
    "deliberate_graduasi",
    "approve_graduasi",
    "determine_graduasi",
    "return_graduasi",
    "refuse_graduasi",
    "postpone_graduasi",
    "resume_graduasi",
    "cancel_graduasi",
    "lodge_sanggah",
    "decide_sanggah",
    "annul_graduasi",
    "correct_back_pay",
    "record_monitoring",
    "void_monitoring",
    "reverse_monitoring",
    "give_consent",
    "withdraw_consent",
    "decline_offer",
    "renew_offer",
    "supply_data",
    "answer_rujukan",
    "deliver_aid",
    "record_outcome",
    "correct_answer",
    "correct_delivery",
    "void_delivery",
    "correct_outcome",
    "void_outcome",
)
Operation = Annotated[str, Field(json_schema_extra={"enum": [*OPERATIONS], "x-enum": "ActionOperation"})]
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

    `operation` is an operation id. `why` is the title of the refusal and `reason` its sentences, null unless the answer
    is NO. Items of a list have no `reason`.
    """

    operation: Operation
    allowed: Allowed
    why: str | None
    reason: Sentences | None = None


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
    shown = to_action(action.operation, refusal, certain=action.certain)
    if refusal is None:
        return shown
    reason = Sentences(en=refusal.sentence("en"), id=refusal.sentence("id"))
    return shown.model_copy(update={"reason": reason})


@dataclass(frozen=True, slots=True)
class ListedAction(Generic[Subject]):
    """An operation on each item of a list, and what refuses it for the state.

    `certain`: nothing else refuses a valid request of an official in whose area the item is.
    """

    operation: str
    permission: Permission
    rule: Callable[[Subject], object]
    certain: bool = True


class ListedActions(Generic[Subject]):
    """The actions of a list's reader, judged by state and permission without a query.

    What only a query shows is UNKNOWN: the placement of a pendamping, and the scope of another role of the reader.
    """

    def __init__(self, reader: Actor, actions: Iterable[ListedAction[Subject]]) -> None:
        """Judge the permissions once for all items."""
        self._actions = [(action, *self._judge_permission(reader, action)) for action in actions]

    @staticmethod
    def _judge_permission(
        reader: Actor, action: ListedAction[Subject]
    ) -> tuple[DomainError | None, bool, bool]:
        """Return the refusal of the role, whether the scope is the same, and certain."""
        refusal = find_refusal(reader.under, action.permission)
        if refusal is not None:
            return refusal, False, False
        actor = reader.under(action.permission)
        same = actor.scope is reader.scope and actor.areas == reader.areas
        return None, same, action.certain and same and actor.scope is not Scope.OWN_FAMILIES

    def of(self, subject: Subject) -> list[dict[str, Any]]:
        """Return the actions on one item as JSON."""
        return [
            to_action(
                action.operation,
                find_refusal(action.rule, subject) if same else refusal,
                certain=certain,
            ).model_dump()
            for action, refusal, same, certain in self._actions
        ]


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
