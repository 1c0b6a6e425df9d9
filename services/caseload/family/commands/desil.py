from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.family.commands.changes import change_family
from services.caseload.family.errors import DesilKnown
from services.caseload.family.models import Desil, DesilTerms
from services.caseload.visibility import lock_family
from shared import clock
from shared.access import Actor
from shared.database import insert


async def record_desil(session: AsyncSession, actor: Actor, kpm_id: UUID, terms: DesilTerms) -> Desil:
    """Record the family's desil in a DTSEN snapshot. Older snapshots stay readable.

    Raises:
        NotFound, PendampingInactive, DesilKnown.
    """
    family = await lock_family(session, actor, kpm_id)
    row, values = (
        Desil(kpm_id=kpm_id, as_of=await clock.today(session), **dict(terms)),
        terms.model_dump(mode="json"),
    )
    refusal = DesilKnown("/body/snapshot", scope=terms.scope.value, snapshot=terms.snapshot)
    await insert(session, row, pk_desil=refusal)
    await change_family(session, family.kpm, actor, ("desil", kpm_id), "RANKED", terms.snapshot, **values)
    return row
