from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from services.caseload.emergency_access.models import AksesDarurat, EmergencyFacts, EmergencyState
from services.caseload.tables import columns_of
from shared.access import Actor
from shared.areas import in_areas
from shared.privacy import Vault

TEXTS = ("reason", "review")


def list_emergency_access(actor: Actor, *, open_only: bool) -> sa.Select[*tuple[Any, ...]]:
    """Select the accesses to families of the actor's areas, by `akses_darurat_id`."""
    sealed = (AksesDarurat.reason_sealed, AksesDarurat.review_sealed)
    statement = sa.select(*columns_of(AksesDarurat, EmergencyFacts), *sealed)
    if not actor.national:
        statement = statement.where(in_areas(AksesDarurat.kode_wilayah, actor.areas))
    return statement.where(AksesDarurat.state == EmergencyState.OPENED) if open_only else statement


def open_texts(row: Mapping[str, Any], vault: Vault) -> dict[str, Any]:
    """Replace the sealed texts of an access by the words."""
    facts = {name: value for name, value in row.items() if not name.endswith("_sealed")}
    place = {"table": "akses_darurat", "row_id": row["akses_darurat_id"]}
    for name in TEXTS:
        sealed = row[f"{name}_sealed"]
        facts[name] = vault.open(sealed, column=name, **place) if sealed else None
    return facts
