"""Relocations of families, and departures of their members."""

from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.lapse.commands import apply_departures, lapse_unsent_consents, schedule_rematches
from services.referral.outcome.commands.relocation import relocate_families
from services.referral.subscriptions import moves
from shared.contracts.caseload import KpmUpdated, UsahaRecorded
from shared.messaging import Received


@moves.on_batch(KpmUpdated)
async def apply_family_changes(session: AsyncSession, facts: list[Received[KpmUpdated]]) -> None:
    """Relocate the rujukan of these families, and lapse what former members signed."""
    await relocate_families(session, {fact.event.kpm_id: fact.event.kode_wilayah for fact in facts})
    await apply_departures(session, facts)


@moves.on_batch(UsahaRecorded)
async def apply_ends_of_usaha(session: AsyncSession, facts: list[Received[UsahaRecorded]]) -> None:
    """Lapse unsent consents of closed businesses, and match new businesses."""
    for fact in facts:
        await lapse_unsent_consents(session, fact.event, fact.meta.event_id)
    await schedule_rematches(session, {fact.event.kpm_id for fact in facts if fact.event.ended_on is None})
