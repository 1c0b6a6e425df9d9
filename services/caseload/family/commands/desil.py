from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.family.commands.changes import change_family
from services.caseload.family.errors import DesilKnown
from services.caseload.family.models import Desil, DesilTerms
from services.caseload.visibility import family_in_hand
from shared.access import Actor
from shared.database import insert


async def record_desil(session: AsyncSession, actor: Actor, kpm_id: UUID, terms: DesilTerms) -> Desil:
    """Record how a snapshot of DTSEN ranks the family in a population; older snapshots stay readable.

    Raises:
        NotFound, PendampingInactive, DesilKnown.
    """
    held = await family_in_hand(session, actor, kpm_id)
    row, values = Desil(kpm_id=kpm_id, **dict(terms)), terms.model_dump(mode="json")
    known = DesilKnown("/body/snapshot", scope=terms.scope.value, snapshot=terms.snapshot)
    await insert(session, row, pk_desil=known)
    await change_family(session, held.kpm, actor, ("desil", kpm_id), "RANKED", terms.snapshot, **values)
    return row
