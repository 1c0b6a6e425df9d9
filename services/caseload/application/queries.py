from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from services.caseload.application.models import Usulan, UsulanState, UsulanView
from services.caseload.family.models import Kpm
from services.caseload.tables import columns_of
from services.caseload.visibility import accompanied_families, area_conditions
from shared.access import Actor, Scope
from shared.privacy import Vault, open_texts


def list_usulan(
    actor: Actor, today: date, kpm_id: UUID | None, state: UsulanState | None
) -> sa.Select[*tuple[Any, ...]]:
    """Select applications of families that the actor may read, by `usulan_id`."""
    texts = (Usulan.reason_sealed, Usulan.decision_reason_sealed, Usulan.lodged_by_sub)
    statement = sa.select(*columns_of(Usulan, UsulanView), *texts)
    if actor.scope is Scope.OWN_FAMILIES:
        accompanied = accompanied_families(actor.pendamping_id, today)
        statement = statement.join(accompanied, accompanied.c.kpm_id == Usulan.kpm_id)
    if conditions := area_conditions(actor, None):
        statement = statement.join(Kpm, Kpm.kpm_id == Usulan.kpm_id).where(*conditions)
    if kpm_id is not None:
        statement = statement.where(Usulan.kpm_id == kpm_id)
    return statement.where(Usulan.state == state) if state is not None else statement


def open_reasons(vault: Vault, actor: Actor, row: dict[str, Any]) -> dict[str, Any]:
    """Return a listed application with both reasons in clear text."""
    opened = open_texts(vault, row, ("reason", "decision_reason"), table="usulan", row_id=row["usulan_id"])
    own = opened.pop("lodged_by_sub") == actor.sub
    return opened | {"own_reason": opened["reason"] if own else None}
