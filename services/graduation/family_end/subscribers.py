"""Reactions to changed families, to exit proposals and to their withdrawal."""

from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.family_end.commands import apply_exit, apply_family_ends, hold_undone_death
from services.graduation.relocation.commands import relocate_families
from services.graduation.review.commands import apply_withdrawal
from services.graduation.subscriptions import exits
from shared.contracts.caseload import ExitProposalWithdrawn, ExitProposed, KpmUpdated
from shared.dates import day_of
from shared.messaging import Meta, Received


@exits.on(ExitProposed)
async def open_short_case(session: AsyncSession, event: ExitProposed, meta: Meta) -> None:
    """Open a case without an assessment, in the name of the proposer."""
    await apply_exit(session, event, day_of(meta.occurred_at))


@exits.on(ExitProposalWithdrawn)
async def withdraw_exit(session: AsyncSession, event: ExitProposalWithdrawn, meta: Meta) -> None:
    """Cancel the case of the proposal, or hold its SK if the death was undone."""
    await apply_withdrawal(session, event)
    await hold_undone_death(session, event, meta)


@exits.on_batch(KpmUpdated)
async def apply_facts(session: AsyncSession, received: list[Received[KpmUpdated]]) -> None:
    """Move the cases of each family to its area, and end those of ended families."""
    await relocate_families(session, {one.event.kpm_id: one.event.kode_wilayah for one in received})
    await apply_family_ends(session, received)
