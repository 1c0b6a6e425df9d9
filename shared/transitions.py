"""State machines: one mapping of transitions, checked by commands and by the database."""

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Any, TypeVar

import sqlalchemy as sa

from shared.errors import IllegalTransition
from shared.remedies import CORRECT_REQUEST, ENDED, Remedy

S = TypeVar("S", bound=StrEnum)


def require_move(
    moves: Mapping[S, Collection[S]], current: S, target: S, noun: str, remedy: Remedy | None = None
) -> None:
    """Refuse a transition that the mapping does not have.

    `remedy` is what to do in the current state. By default it is another value, or nothing in a final state.

    Raises:
        IllegalTransition: `current` cannot become `target`.
    """
    if target not in moves.get(current, ()):
        remedy = remedy or (CORRECT_REQUEST if moves.get(current) else ENDED)
        raise IllegalTransition(noun, current=current, target=target, remedy=remedy)


def moves_condition(
    moves: Mapping[S, Collection[S]], old: str, new: str, *, first: Collection[S] = ()
) -> str:
    """Return the SQL condition that two columns hold a transition.

    `first` are the states that may follow NULL.
    """
    pairs = " OR ".join(
        f"({old} = '{state}' AND {one_of(new, sorted(following))})"
        for state, following in moves.items()
        if following
    )
    if not first:
        return pairs
    # A CHECK passes when it is NULL, as `old = '...'` is for a first row, so both branches test `old` for NULL.
    return f"({old} IS NULL AND {one_of(new, sorted(first))}) OR ({old} IS NOT NULL AND ({pairs}))"


def guard_moves(moves: Mapping[Any, Collection[Any]], column: str = "state") -> dict[str, Any]:
    """Return the table argument that makes `trigger_of` check a column's transitions."""
    return {"info": {"moves": (moves, column)}}


def trigger_of(table: sa.Table) -> str | None:
    """Return the statement that creates the trigger of a guarded table."""
    if "moves" not in table.info:
        return None
    moves, column = table.info["moves"]
    legal = moves_condition(moves, f"OLD.{column}", f"NEW.{column}")
    return (
        f"CREATE TRIGGER legal_moves BEFORE UPDATE OF {column} ON {table.fullname} FOR EACH ROW\n"
        f"    WHEN (OLD.{column} <> NEW.{column} AND NOT ({legal}))\n"
        f"    EXECUTE FUNCTION platform.refuse_move('{column}')"
    )


def one_of(column: str, values: Collection[str]) -> str:
    """Return the SQL condition that a text column holds one of the values."""
    listed = ", ".join(f"'{value}'" for value in values)
    return f"{column} IN ({listed})"
