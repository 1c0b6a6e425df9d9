"""Lists of corrections."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from services.referral.correction.models import Correction, CorrectionFacts, CorrectionSubject
from services.referral.visibility import select_columns
from shared.access import Actor, Scope
from shared.privacy import Vault

CORRECTION_ORDER = (Correction.correction_id,)


def select_corrections(rujukan_program_id: UUID, actor: Actor) -> sa.Select[*tuple[Any, ...]]:
    """Select the corrections of one offer. A partner sees those that it made."""
    names = [*CorrectionFacts.model_fields, "reason_sealed"]
    statement = select_columns(Correction, names).where(Correction.rujukan_program_id == rujukan_program_id)
    if actor.scope is Scope.PARTNER:
        is_partners = Correction.subject != CorrectionSubject.OUTCOME
        statement = statement.where(sa.or_(is_partners, Correction.by == actor.sub))
    return statement


def open_reason(row: Mapping[str, Any], vault: Vault) -> dict[str, Any]:
    """Return a correction with its reason."""
    place = {"table": "correction", "column": "reason_sealed", "row_id": row["correction_id"]}
    facts = {name: row[name] for name in CorrectionFacts.model_fields}
    return facts | {"reason": vault.open(row["reason_sealed"], **place)}
