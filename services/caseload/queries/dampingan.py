from typing import Any
from uuid import UUID

import sqlalchemy as sa

from services.caseload.models import Dampingan
from shared.access import Actor, Scope


def list_of(actor: Actor, pendamping_id: UUID | None, kpm_id: UUID | None) -> sa.Select[*tuple[Any, ...]]:
    """Select dampingan; a pendamping's own alone, officials' by area through row security."""
    statement = sa.select(
        Dampingan.dampingan_id,
        Dampingan.kpm_id,
        Dampingan.pendamping_id,
        Dampingan.penugasan_id,
        Dampingan.kind,
        Dampingan.purpose,
        sa.func.lower(Dampingan.valid).label("valid_from"),
        sa.func.upper(Dampingan.valid).label("valid_to"),
        Dampingan.version,
    )
    if actor.scope is Scope.OWN_FAMILIES:
        statement = statement.where(Dampingan.pendamping_id == actor.pendamping_id)
    if pendamping_id is not None:
        statement = statement.where(Dampingan.pendamping_id == pendamping_id)
    return statement.where(Dampingan.kpm_id == kpm_id) if kpm_id is not None else statement
