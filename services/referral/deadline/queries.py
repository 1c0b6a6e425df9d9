"""Escalations, and the orders of the lists of escalations and SLA terms."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from services.referral.deadline.models import Escalation, SlaTerm
from services.referral.visibility import select_columns

ESCALATION_ORDER = (Escalation.escalation_id,)
SLA_TERM_ORDER = (SlaTerm.valid_from, SlaTerm.sla_term_id)


def select_escalations(names: Sequence[str], *, open_only: bool) -> sa.Select[*tuple[Any, ...]]:
    """Select escalations in the actor's areas. Open: not acknowledged and not settled."""
    statement = select_columns(Escalation, names)
    is_open = sa.and_(Escalation.acknowledged_on.is_(None), Escalation.settled_on.is_(None))
    return statement.where(is_open) if open_only else statement
