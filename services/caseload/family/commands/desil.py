from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.family.commands.changes import change_family
from services.caseload.family.errors import DesilKnown
from services.caseload.family.models import Desil
from services.caseload.visibility import family_in_hand
from shared.access import Actor
from shared.contracts.kinds import DesilScope
from shared.database import insert


async def record_desil(
    session: AsyncSession, actor: Actor, kpm_id: UUID, *, scope: DesilScope, value: int, snapshot: str
) -> Desil:
    """Record how a snapshot of DTSEN ranks the family in a population; older snapshots stay readable.

    Raises:
        NotFound, PendampingInactive, DesilKnown.
    """
    held = await family_in_hand(session, actor, kpm_id)
    row = Desil(kpm_id=kpm_id, scope=scope, snapshot=snapshot, value=value)
    known = DesilKnown("/body/snapshot", scope=scope.value, snapshot=snapshot)
    await insert(session, row, pk_desil=known)
    kept = {"scope": scope.value, "value": value, "snapshot": snapshot}
    await change_family(session, held.kpm, actor, ("desil", kpm_id), "RANKED", snapshot, **kept)
    return row
