"""Deadline rules: how long a state may wait, and who is called after that."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate
from typing import Any, Self

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from shared import clock
from shared.database import refuse_violations, uuid7
from shared.dates import require_not_past
from shared.deadlines.tables import deadline_rule
from shared.errors import VersionNotLatest
from shared.roles import Role
from shared.validity import valid_on

EVERY = "*"
# A role is never replaced by one with less to decide.
RANK = {Role.KETUA_TIM_KABKOTA: 1, Role.DINSOS_KABKOTA: 2, Role.OPERATOR: 3, Role.KEMENSOS: 4}


@dataclass(frozen=True, slots=True)
class EscalationStep:
    """A role that is called, and after how many days the next one is."""

    role: Role
    days: int


@dataclass(frozen=True, slots=True)
class Rule:
    """The days of an owner and the roles that are called after them."""

    subject_kind: str
    state: str
    owner: Role | None
    days: int
    escalate_to: Sequence[EscalationStep]


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules that are in force on a day."""

    rules: Sequence[Rule]

    @classmethod
    async def read(cls, session: AsyncSession, on: date) -> Self:
        """Read the rules of a day."""
        table = deadline_rule.c
        statement = sa.select(deadline_rule).where(valid_on(table.valid_from, table.valid_to, on))
        return cls([_rule_of(row) for row in await session.execute(statement)])

    def find(self, subject_kind: str, state: str) -> Rule:
        """Return the rule of a state, of its subject, or of all.

        Raises:
            LookupError: there is none for all.
        """
        for place in ((subject_kind, state), (subject_kind, EVERY), (EVERY, EVERY)):
            for rule in self.rules:
                if (rule.subject_kind, rule.state) == place:
                    return rule
        msg = f"no deadline rule for {subject_kind} {state}"
        raise LookupError(msg)


def _rule_of(row: sa.Row[Any]) -> Rule:
    fields = row._mapping  # noqa: SLF001 (SQLAlchemy's public name for it)
    steps = [EscalationStep(Role(step["role"]), step["days"]) for step in fields["escalate_to"]]
    owner = Role(fields["owner"]) if fields["owner"] else None
    return Rule(fields["subject_kind"], fields["state"], owner, fields["days"], steps)


async def read_deadline_days(session: AsyncSession, subject_kind: str, state: str) -> int:
    """Return the days within which the owner of a state has to act."""
    rules = await Rules.read(session, await clock.today(session))
    return rules.find(subject_kind, state).days


def steps_of(rule: Rule, owner: Role) -> tuple[list[int], list[Role]]:
    """Return after how many days each role of a rule is called, and the roles.

    A role below the owner is not called: the owner then keeps it for these days.
    """
    roles = [
        step.role if RANK.get(step.role, 0) >= RANK.get(owner, 0) else owner for step in rule.escalate_to
    ]
    after = list(accumulate((step.days for step in rule.escalate_to), initial=0))[: len(roles)]
    return after, roles


async def set_rule(session: AsyncSession, terms: Mapping[str, Any], today: date) -> sa.Row[Any]:
    """Insert a rule, and end the one before it on its first day.

    Raises:
        DateInThePast, VersionNotLatest
    """
    first = terms["valid_from"]
    require_not_past(first, today)
    refusal = VersionNotLatest("/body/valid_from", on=first)
    columns = deadline_rule.c
    same = (columns.subject_kind == terms["subject_kind"], columns.state == terms["state"])
    last = sa.update(deadline_rule).where(*same, columns.valid_to.is_(None), columns.valid_from < first)
    await session.execute(last.values(valid_to=first))
    new = sa.insert(deadline_rule).values(deadline_rule_id=uuid7(), **terms).returning(deadline_rule)
    with refuse_violations(ex_deadline_rule_range=refusal):
        return (await session.execute(new)).one()
