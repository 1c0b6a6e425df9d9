"""Escalations, and the orders in which they and the SLA terms are listed."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from services.referral.deadline.models import Escalation, SlaTerm
from services.referral.visibility import columns_of

ESCALATION_ORDER = (Escalation.escalation_id,)
SLA_TERM_ORDER = (SlaTerm.valid_from, SlaTerm.sla_term_id)


def escalation_list(names: Sequence[str], *, open_only: bool) -> sa.Select[*tuple[Any, ...]]:
    """Select escalations of the caller's areas; open: not taken up, and not answered since."""
    statement = columns_of(Escalation, names)
    waits = sa.and_(Escalation.acknowledged_on.is_(None), Escalation.settled_on.is_(None))
    return statement.where(waits) if open_only else statement
