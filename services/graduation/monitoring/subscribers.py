"""Reactions to reports of a relapse."""

from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.monitoring.commands.tasks import create_check
from services.graduation.subscriptions import relapse
from shared.contracts.referral import OutcomeRecorded, RelapseReported


@relapse.on(RelapseReported)
async def check_reported_relapse(session: AsyncSession, event: RelapseReported) -> None:
    """Create a check task, whose result confirms the relapse or not."""
    if not event.voided:
        await create_check(session, event.graduasi_id)


@relapse.on(OutcomeRecorded)
async def check_failed_business(session: AsyncSession, event: OutcomeRecorded) -> None:
    """Create a check task if the supported business has ended."""
    if not event.still_in_business and not event.voided:
        await create_check(session, event.graduasi_id)
