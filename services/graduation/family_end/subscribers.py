"""Reactions to changed families and to exit proposals."""

from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.family_end.commands import apply_exit, apply_family_ends
from services.graduation.relocation.commands import relocate_families
from services.graduation.subscriptions import exits
from shared.contracts.caseload import ExitProposed, KpmUpdated
from shared.dates import day_of
from shared.messaging import Meta, Received


@exits.on(ExitProposed)
async def open_short_case(session: AsyncSession, event: ExitProposed, meta: Meta) -> None:
    """Open a case without an assessment, in the name of the proposer."""
    await apply_exit(session, event, day_of(meta.occurred_at))


@exits.on_batch(KpmUpdated)
async def apply_facts(session: AsyncSession, received: list[Received[KpmUpdated]]) -> None:
    """Move the cases of each family to its area, and end those of ended families."""
    await relocate_families(session, {one.event.kpm_id: one.event.kode_wilayah for one in received})
    await apply_family_ends(session, received)
