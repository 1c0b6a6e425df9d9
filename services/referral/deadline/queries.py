"""Escalations, and the orders of the lists of escalations and SLA terms."""

from collections.abc import Mapping
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.deadline.models import Escalation, EscalationFacts, SlaTerm
from services.referral.visibility import select_columns
from shared.database import vault_of
from shared.privacy import Vault, open_texts
from shared.validity import valid_on

ESCALATION_ORDER = (Escalation.escalation_id,)
SLA_TERM_ORDER = (SlaTerm.valid_from, SlaTerm.sla_term_id)


ESCALATION_NAMES = (*EscalationFacts.model_fields, "note_sealed", "withdrawn_sealed")


def select_term(program_code: Any, on: Any) -> sa.Select[SlaTerm]:
    """Select the term of a program on a day, or that of all programs.

    Program and day may be expressions.
    """
    in_force = valid_on(SlaTerm.valid_from, SlaTerm.valid_to, on)
    applies = sa.or_(SlaTerm.program_code == program_code, SlaTerm.program_code.is_(None))
    own_first = sa.select(SlaTerm).where(in_force, applies).order_by(SlaTerm.program_code.asc().nulls_last())
    return own_first.limit(1)


def open_notes(vault: Vault, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return an escalation with its note, and the acknowledgements that were taken back."""
    names, row_id = ("note", "withdrawn"), row["escalation_id"]
    opened = open_texts(vault, row, names, table="escalation", row_id=row_id)
    return opened | {"withdrawn": orjson.loads(opened["withdrawn"] or "[]")}


def view_escalation(session: AsyncSession, row: Escalation) -> dict[str, Any]:
    """Return an escalation with its texts in clear."""
    return open_notes(vault_of(session), {name: getattr(row, name) for name in ESCALATION_NAMES})


def select_escalations(*, open_only: bool) -> sa.Select[*tuple[Any, ...]]:
    """Select escalations in the actor's areas. Open: not acknowledged and not settled."""
    statement = select_columns(Escalation, ESCALATION_NAMES)
    is_open = sa.and_(Escalation.acknowledged_on.is_(None), Escalation.settled_on.is_(None))
    return statement.where(is_open) if open_only else statement
