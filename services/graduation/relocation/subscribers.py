from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.relocation.commands import follow_families
from services.graduation.subscriptions import exits
from shared.contracts.caseload import KpmUpdated
from shared.messaging import Received


@exits.on_batch(KpmUpdated)
async def take_cases_along(session: AsyncSession, told: list[Received[KpmUpdated]]) -> None:
    """Where a family lives now its standing cases are decided and seen to; heard with each word of the family."""
    await follow_families(session, {one.event.kpm_id: one.event.kode_wilayah for one in told})
