"""Outcome tasks that are due, and the outcomes of an aid."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.follow_up.models import Outcome, OutcomeRule, OutcomeTask
from services.referral.visibility import select_accompanied_families, select_columns
from shared.access import Actor, Scope

OUTCOME_RULE_ORDER = (OutcomeRule.version,)
OUTCOME_TASK_ORDER = (OutcomeTask.due_on, OutcomeTask.rujukan_program_id, OutcomeTask.month)


def select_outcome_tasks(
    names: Sequence[str], today: date, actor: Actor, *, due_by: date | None
) -> sa.Select[*tuple[Any, ...]]:
    """Select open outcome tasks that are due.

    A pendamping sees those of the families accompanied today.
    """
    statement = select_columns(OutcomeTask, names).where(
        OutcomeTask.closed_on.is_(None), OutcomeTask.due_on <= (due_by or today)
    )
    if actor.scope is Scope.OWN_FAMILIES:
        statement = statement.where(OutcomeTask.kpm_id.in_(select_accompanied_families(actor, today)))
    return statement


async def read_outcomes(session: AsyncSession, rujukan_program_id: UUID) -> Sequence[Outcome]:
    """Return the outcomes of an aid by month."""
    statement = sa.select(Outcome).where(Outcome.rujukan_program_id == rujukan_program_id)
    return (await session.scalars(statement.order_by(Outcome.month))).all()
