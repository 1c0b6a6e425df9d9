"""What waits too long, as a caller may see it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from shared import clock
from shared.access import Actor, Role, Scope
from shared.areas import in_areas
from shared.deadlines.rules import EVERY, Rules
from shared.deadlines.tables import overdue
from shared.deadlines.waiting_tables import WaitingTable, find_waiting_tables
from shared.deadlines.waits import Families
from shared.errors import WaitingStateUnknown

# They see what they have to do themselves. Others see what they may read anyway.
SEES_OWN_ROWS = frozenset({Role.OPERATOR_DESA, Role.OPERATOR})


@dataclass(frozen=True, slots=True)
class Filters:
    """Values of columns, where not None, an area, and the pendamping who has to act."""

    equal: Mapping[str, object]
    kode_wilayah: str | None = None
    pendamping_id: UUID | None = None


async def select_overdue(
    session: AsyncSession, metadata: sa.MetaData, actor: Actor, names: Sequence[str], filters: Filters
) -> sa.Select[*tuple[Any, ...]]:
    """Select the open overdue rows whose subject still waits too long.

    Row security of the subject applies too. What was settled today is left out, although its row is resolved later.
    """
    today, columns = await clock.today(session), overdue.c
    families: Families | None = metadata.info.get("families")
    selected = [columns[name] for name in names if name in columns]
    statement = sa.select(*selected, _pendamping_of(families, today)).where(columns.resolved_on.is_(None))
    for name, value in filters.equal.items():
        if value is not None:
            statement = statement.where(columns[name] == value)
    for area in ([filters.kode_wilayah] if filters.kode_wilayah else [], actor.areas):
        if area:
            statement = statement.where(in_areas(columns.kode_wilayah, area))
    if actor.roles <= SEES_OWN_ROWS:
        statement = statement.where(columns.owner.in_(sorted(actor.roles)))
    if actor.scope is Scope.OWN_FAMILIES:
        statement = statement.where(_accompanied_by(families, actor.pendamping_id, today))
    if filters.pendamping_id is not None:
        own = _accompanied_by(families, filters.pendamping_id, today)
        statement = statement.where(own, columns.owner == Role.PENDAMPING)
    rules = await Rules.read(session, today)
    return statement.where(_still_waits(find_waiting_tables(metadata), rules, today))


def _pendamping_of(families: Families | None, today: date) -> sa.ColumnElement[Any]:
    """Return the pendamping of today of what a pendamping has to do."""
    holder = "NULL::uuid"
    if families is not None:
        holder = (
            f"CASE WHEN overdue.owner = '{Role.PENDAMPING}' THEN (SELECT d.pendamping_id FROM {families.dampingan} d"  # noqa: S608
            f" WHERE d.kpm_id = overdue.kpm_id AND {families.valid} @> DATE '{today}' ORDER BY d.dampingan_id LIMIT 1) END"
        )
    return sa.literal_column(holder, sa.Uuid()).label("pendamping_id")


def _accompanied_by(
    families: Families | None, pendamping_id: UUID | None, today: date
) -> sa.ColumnElement[bool]:
    """Return the condition that a pendamping accompanies the family today. An index lists these families."""
    if families is None or pendamping_id is None:
        return sa.false()
    own = (
        f"SELECT d.kpm_id FROM {families.dampingan} d"  # noqa: S608
        f" WHERE d.pendamping_id = '{pendamping_id}'::uuid AND {families.valid} @> DATE '{today}'"
    )
    return sa.literal_column(f"overdue.kpm_id IN ({own})", sa.Boolean())


def _still_waits(tables: Sequence[WaitingTable], rules: Rules, today: date) -> sa.ColumnElement[bool]:
    # OFFSET 0 forces a check by key of each listed row. Else PostgreSQL hashes all rows that wait.
    checks = [
        f"WHEN '{one.kind}' THEN EXISTS (SELECT FROM ({one.select_waiting(rules)}) w"
        f" WHERE {one.key_condition('w', 'overdue.subject_id')}"
        f" AND w.state = overdue.state AND w.due_on < DATE '{today}' OFFSET 0)"
        for one in tables
    ]
    return sa.literal_column(f"CASE overdue.subject_kind {' '.join(checks)} ELSE false END", sa.Boolean())


def require_waiting_state(tables: Sequence[WaitingTable], subject_kind: str, state: str) -> None:
    """Refuse a rule for what never waits here.

    Raises:
        WaitingStateUnknown
    """
    kinds = {one.kind: one.waiting for one in tables}
    if subject_kind != EVERY and subject_kind not in kinds:
        raise WaitingStateUnknown(
            "/body/subject_kind", subject_kind=subject_kind, state=state, known=list(kinds)
        )
    if state != EVERY and state not in kinds.get(subject_kind, ()):
        known = list(kinds.get(subject_kind, ())) or [EVERY]
        raise WaitingStateUnknown("/body/state", subject_kind=subject_kind, state=state, known=known)
