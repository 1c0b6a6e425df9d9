"""What waits too long, as a caller may see it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from shared import clock
from shared.access import Actor, Scope
from shared.areas import in_areas
from shared.deadlines.machines import Machine
from shared.deadlines.rules import EVERY, Rules
from shared.deadlines.tables import overdue
from shared.errors import WaitingStateUnknown


@dataclass(frozen=True, slots=True)
class Filters:
    """Values of columns, where not None, and an area."""

    equal: Mapping[str, object]
    kode_wilayah: str | None = None


async def select_overdue(
    session: AsyncSession, machines: Sequence[Machine], actor: Actor, names: Sequence[str], filters: Filters
) -> sa.Select[*tuple[Any, ...]]:
    """Select the open overdue rows whose subject still waits too long.

    Row security of the subject applies too. What was settled today is left out, although its row is resolved later.
    """
    today = await clock.today(session)
    columns = overdue.c
    statement = sa.select(*(columns[name] for name in names)).where(columns.resolved_on.is_(None))
    for name, value in filters.equal.items():
        if value is not None:
            statement = statement.where(columns[name] == value)
    if filters.kode_wilayah is not None:
        statement = statement.where(in_areas(columns.kode_wilayah, [filters.kode_wilayah]))
    if actor.scope is not Scope.OWN_FAMILIES and not actor.national:
        statement = statement.where(in_areas(columns.kode_wilayah, actor.areas))
    condition = _still_waits(machines, await Rules.read(session, today))
    return statement.where(sa.text(condition).bindparams(sa.bindparam("today", today, type_=sa.Date())))


def _still_waits(machines: Sequence[Machine], rules: Rules) -> str:
    # OFFSET 0 forces a check by key of each listed row. Else PostgreSQL hashes all rows that wait.
    checks = [
        f"WHEN '{one.kind}' THEN EXISTS (SELECT FROM ({one.select_waiting(rules)}) w"
        f" WHERE {one.key_condition('w', 'overdue.subject_id')}"
        " AND w.state = overdue.state AND w.due_on < :today OFFSET 0)"
        for one in machines
    ]
    return f"CASE overdue.subject_kind {' '.join(checks)} ELSE false END"


def require_waiting_state(machines: Sequence[Machine], subject_kind: str, state: str) -> None:
    """Refuse a rule for what never waits here.

    Raises:
        WaitingStateUnknown
    """
    kinds = {one.kind: one.waiting for one in machines}
    if subject_kind != EVERY and subject_kind not in kinds:
        raise WaitingStateUnknown(
            "/body/subject_kind", subject_kind=subject_kind, state=state, known=", ".join(kinds)
        )
    if state != EVERY and state not in kinds.get(subject_kind, ()):
        known = ", ".join(kinds.get(subject_kind, ())) or EVERY
        raise WaitingStateUnknown("/body/state", subject_kind=subject_kind, state=state, known=known)
