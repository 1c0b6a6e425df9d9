"""What each state of a table's rows waits for (docs/case-lifecycle.md#deadlines-of-states).

A table declares it beside its states. Expressions are SQL over the columns of the table.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.roles import Role


@dataclass(frozen=True, slots=True)
class End:
    """Nobody has to act on a row in this state."""


@dataclass(frozen=True, slots=True)
class Until:
    """A row leaves this state by the day `on`.

    It is overdue from the next day on. `role` acts then. OPERATOR: the service itself does, and its work was not done.
    """

    on: str
    role: Role = Role.OPERATOR


@dataclass(frozen=True, slots=True)
class Owner:
    """A role has to act within the days of the deadline rule.

    `unless` names a condition and the role that has to act where it holds.
    """

    role: Role
    unless: tuple[str, Role] | None = None


@dataclass(frozen=True, slots=True)
class CoveredBy:
    """Rows of another table of the service, or another service, have the deadline."""

    place: str


@dataclass(frozen=True, slots=True)
class WatchedBy:
    """A technical state that a metric with an alarm watches (docs/operations.md#metrics)."""

    metric: str


END = End()
Wait = End | Until | Owner | CoveredBy | WatchedBy


@dataclass(frozen=True, slots=True)
class Waits:
    """What the rows of a table wait for, by state.

    `since` is the day on which a row entered its state. `rows` are those that can wait. Without `kpm_id` and
    `kode_wilayah` the columns of these names are used.
    """

    states: Mapping[Any, Wait]
    state: str = "state"
    since: str | None = None
    rows: str = "true"
    kpm_id: str | None = None
    kode_wilayah: str | None = None


@dataclass(frozen=True, slots=True)
class Families:
    """Where a service has the area and the pendamping of a family.

    `kode_wilayah` is SQL with {kpm_id}. `dampingan` is a table with `kpm_id` and `pendamping_id`, and `valid` its range.
    """

    dampingan: str
    valid: str = "daterange(d.valid_from, d.valid_to)"
    kode_wilayah: str | None = None


def track_waits(waits: Waits) -> dict[str, Any]:
    """Return the table argument that declares what the rows of a table wait for."""
    return {"info": {"waits": waits}}
