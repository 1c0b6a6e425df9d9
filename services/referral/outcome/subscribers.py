from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.outcome.commands.relocation import follow_families
from services.referral.subscriptions import moves
from shared.contracts.caseload import KpmUpdated
from shared.messaging import Received


@moves.on_batch(KpmUpdated)
async def take_rujukan_along(session: AsyncSession, facts: list[Received[KpmUpdated]]) -> None:
    """Where a family lives now its rujukan are seen to; heard with each word of the family."""
    await follow_families(session, {fact.event.kpm_id: fact.event.kode_wilayah for fact in facts})
