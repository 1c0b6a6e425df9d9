from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.family.commands.changes import change_family
from services.caseload.family.errors import DesilKnown
from services.caseload.family.models import Desil, DesilTerms
from services.caseload.tables import Source
from services.caseload.visibility import lock_family
from shared import clock
from shared.access import Actor


async def record_desil(session: AsyncSession, actor: Actor, kpm_id: UUID, terms: DesilTerms) -> Desil:
    """Record, correct or remove (null) the desil of a family in a snapshot.

    Raises:
        NotFound, PendampingInactive, DesilKnown.
    """
    family = await lock_family(session, actor, kpm_id)
    key, given = (kpm_id, terms.scope, terms.snapshot), {"as_of": await clock.today(session), **dict(terms)}
    # The family is locked, so that nobody else writes a snapshot meanwhile.
    row = await session.get(Desil, key)
    if (row and row.value) == terms.value:
        raise DesilKnown("/body/value", scope=terms.scope.value, snapshot=terms.snapshot)
    kind, before = ("RANKED", {}) if row is None else ("CORRECTED", {"before": row.value})
    row = row or Desil(kpm_id=kpm_id, **given)
    row.sqlmodel_update(given | {"source": Source.HTTP})
    session.add(row)
    values = terms.model_dump(mode="json") | before
    await change_family(session, family.kpm, actor, ("desil", kpm_id), kind, None, **values)
    return row
