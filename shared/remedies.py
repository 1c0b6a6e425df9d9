"""What to do after a refusal. Each refusal class declares one remedy (docs/architecture.md#remedies)."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from shared.roles import Role

Roles = frozenset[Role]


class RemedyKind(StrEnum):
    """The kinds of remedy."""

    OPERATION = "OPERATION"  # first one of these operations, by one of its roles
    CORRECT_REQUEST = "CORRECT_REQUEST"  # the same operation with another value
    WAIT = "WAIT"  # the same request later: after Retry-After, or from the day in the sentence
    OTHER_PERSON = "OTHER_PERSON"  # the same request by another person
    BY_STATE = "BY_STATE"  # the answer has one of the others, by the state
    NONE = "NONE"  # nothing, for the reason given


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation and the roles that are to call it.

    `service` is empty for the service that answers.
    """

    service: str
    operation_id: str
    roles: Roles


@dataclass(frozen=True, slots=True)
class Remedy:
    """What to do after a refusal.

    `operations` are alternatives; with CORRECT_REQUEST they list the valid values. `roles` say who is the other
    person; without them it is anybody else with a role of the refused operation. `en` and `id` are the reason
    of NONE.
    """

    kind: RemedyKind
    operations: tuple[Operation, ...] = ()
    roles: Roles = frozenset()
    en: str = ""
    id: str = ""

    def to_json(self, service: str) -> dict[str, Any]:
        """Return what is published. `service` is the one that answers."""
        return {
            "kind": self.kind.value,
            "operations": [
                {
                    "service": operation.service or service,
                    "operation_id": operation.operation_id,
                    "roles": sorted(operation.roles),
                }
                for operation in self.operations
            ],
            "roles": sorted(self.roles),
            "reason": (self.en and {"en": self.en, "id": self.id}) or None,
        }


def to_call(name: str, by: Roles) -> Operation:
    """Return an operation. Its id follows the name of another service and a dot."""
    service, _, operation_id = name.rpartition(".")
    return Operation(service, operation_id, by)


def operation(name: str, by: Roles) -> Remedy:
    """Return the remedy that is one operation."""
    return one_of(to_call(name, by))


def one_of(*operations: Operation) -> Remedy:
    """Return the remedy that is one of several operations."""
    return Remedy(RemedyKind.OPERATION, operations)


def value_from(name: str, by: Roles) -> Remedy:
    """Return the remedy to correct the request with a value that an operation lists."""
    return Remedy(RemedyKind.CORRECT_REQUEST, (to_call(name, by),))


def person_of(roles: Roles) -> Remedy:
    """Return the remedy that somebody with one of these roles sends the request."""
    return Remedy(RemedyKind.OTHER_PERSON, roles=roles)


def nothing(en: str, indonesian: str) -> Remedy:
    """Return that there is no remedy, with the reason in both languages."""
    return Remedy(RemedyKind.NONE, en=en, id=indonesian)


CORRECT_REQUEST = Remedy(RemedyKind.CORRECT_REQUEST)
WAIT = Remedy(RemedyKind.WAIT)
OTHER_PERSON = Remedy(RemedyKind.OTHER_PERSON)
BY_STATE = Remedy(RemedyKind.BY_STATE)
ENDED = nothing("It has ended.", "Ini sudah berakhir.")
ALREADY_DONE = nothing(
    "This was done before; nothing more is needed.", "Ini sudah dilakukan; tidak perlu apa-apa lagi."
)
CHANGES_NOTHING = nothing("It changes nothing.", "Ini tidak mengubah apa pun.")
