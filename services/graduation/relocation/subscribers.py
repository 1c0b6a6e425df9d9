"""Reaction to families that move."""

from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.relocation.commands import relocate_families
from services.graduation.subscriptions import exits
from shared.contracts.caseload import KpmUpdated
from shared.messaging import Received


@exits.on_batch(KpmUpdated)
async def relocate_cases(session: AsyncSession, received: list[Received[KpmUpdated]]) -> None:
    """Move the cases of the families to the area of each family."""
    await relocate_families(session, {one.event.kpm_id: one.event.kode_wilayah for one in received})
