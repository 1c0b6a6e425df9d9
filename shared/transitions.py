"""State machines: one mapping of transitions, checked by commands and by the database."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

import sqlalchemy as sa

from shared.deadlines.waits import Waits
from shared.errors import IllegalTransition, Words
from shared.remedies import CORRECT_REQUEST, ENDED, Remedy

S = TypeVar("S", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Advice:
    """The words of a refused transition.

    `now` is what each state waits for, `acts` when the act that leads to a state is possible.
    """

    now: Mapping[str, Words]
    acts: Mapping[str, Words]

    def of(self, current: str, target: str) -> Words:
        """Return the advice to who wants a state and finds another one."""
        now, act = self.now[current], self.acts[target]
        return Words(f"{now} {act}", f"{now.id} {act.id}")


def require_move(
    moves: Mapping[S, Collection[S]],
    current: S,
    target: S,
    noun: str,
    remedy: Remedy | None = None,
    advice: Advice | None = None,
) -> None:
    """Refuse a transition that the mapping does not have.

    `remedy` is what to do in the current state. By default it is another value, or nothing in a final state.
    `advice` has the words for it.

    Raises:
        IllegalTransition: `current` cannot become `target`.
    """
    if target not in moves.get(current, ()):
        remedy = remedy or (CORRECT_REQUEST if moves.get(current) else ENDED)
        words = advice.of(current, target) if advice else None
        raise IllegalTransition(noun, current=current, target=target, remedy=remedy, advice=words)


def moves_condition(
    moves: Mapping[S, Collection[S]], old: str, new: str, *, first: Collection[S] = ()
) -> str:
    """Return the SQL condition that two columns hold a transition.

    `first` are the states that may follow NULL.
    """
    # Fast path: PostgreSQL reads the condition anew for each statement, and one array of pairs costs 30 microseconds
    # instead of the 165 of a list for each state (bench: decisions).
    pairs = [f"{state}>{target}" for state, following in moves.items() for target in sorted(following)]
    listed = ",".join([*(f">{state}" for state in sorted(first)), *pairs])
    return f"(coalesce({old}, '') || '>' || {new}) = ANY ('{{{listed}}}'::text[])"


def guard_moves(
    moves: Mapping[Any, Collection[Any]],
    column: str = "state",
    *,
    waits: Waits | None = None,
    unless: str = "false",
) -> dict[str, Any]:
    """Return the table argument that makes `trigger_of` check a column's transitions.

    `waits` declares what the states wait for. `unless` is an SQL condition on OLD and NEW that admits any transition.
    """
    return {"info": {"moves": (moves, column), "unless": unless} | ({"waits": waits} if waits else {})}


def trigger_of(table: sa.Table) -> str | None:
    """Return the statement that creates the trigger of a guarded table."""
    if "moves" not in table.info:
        return None
    moves, column = table.info["moves"]
    legal = moves_condition(moves, f"OLD.{column}", f"NEW.{column}")
    if (unless := table.info["unless"]) != "false":
        legal += f" OR {unless}"
    return (
        f"CREATE TRIGGER legal_moves BEFORE UPDATE OF {column} ON {table.fullname} FOR EACH ROW\n"
        f"    WHEN (OLD.{column} <> NEW.{column} AND NOT ({legal}))\n"
        f"    EXECUTE FUNCTION platform.refuse_move('{column}')"
    )
