from typing import Any

import sqlalchemy as sa

from services.caseload.emergency_access.models import AksesDarurat, EmergencyFacts, EmergencyState
from services.caseload.tables import columns_of
from shared.access import Actor
from shared.areas import in_areas


def list_emergency_access(actor: Actor, *, open_only: bool) -> sa.Select[*tuple[Any, ...]]:
    """Select the accesses to families of the actor's areas, by `akses_darurat_id`."""
    sealed = (AksesDarurat.reason_sealed, AksesDarurat.review_sealed)
    statement = sa.select(*columns_of(AksesDarurat, EmergencyFacts), *sealed)
    if not actor.national:
        statement = statement.where(in_areas(AksesDarurat.kode_wilayah, actor.areas))
    return statement.where(AksesDarurat.state == EmergencyState.OPENED) if open_only else statement
