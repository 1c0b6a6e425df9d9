"""Address and phone of a family."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.family.commands.changes import change_family, lock_family_version
from services.caseload.family.errors import ContactUnchanged
from services.caseload.family.models import ContactTerms, Kpm
from services.caseload.identity.commands import seal_consented
from services.caseload.tables import Source
from shared import clock
from shared.access import Actor
from shared.database import vault_of

SOURCED = {"address": "address", "phone": "contact"}
"""The columns of a contact, and the group whose day and source they change."""


async def correct_contact(
    session: AsyncSession, actor: Actor, kpm_id: UUID, terms: ContactTerms, *, version: int
) -> Kpm:
    """Correct address and phone of a family in its area.

    What the request leaves out stays. A family that moves to another area is recorded by `move_family`.

    Raises:
        NotFound, PendampingInactive, FamilyHasEnded, VersionOutdated, ContactUnchanged.
    """
    kpm = await lock_family_version(session, actor, kpm_id, version)
    vault, today = vault_of(session), await clock.today(session)
    given = terms.model_dump(exclude_unset=True)
    if not given:
        raise ContactUnchanged("/body")
    for column, text in given.items():
        location = {"table": "kpm", "column": column, "row_id": kpm.sealed_for.hex()}
        setattr(kpm, f"{column}_sealed", vault.seal(text, **location) if text is not None else None)
        setattr(kpm, f"{SOURCED[column]}_as_of", today)
        setattr(kpm, f"{SOURCED[column]}_source", Source.HTTP)
    fields = {"fields": sorted(given), "cleared": sorted(name for name in given if given[name] is None)}
    await change_family(session, kpm, actor, ("kpm", kpm_id), "CONTACT_CORRECTED", None, **fields)
    await seal_consented(session, [kpm_id])
    return kpm
