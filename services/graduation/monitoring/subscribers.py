from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.monitoring.commands import ask_for_check
from services.graduation.subscriptions import relapse
from shared.contracts.referral import OutcomeRecorded, RelapseReported


@relapse.on(RelapseReported)
async def look_at_family(session: AsyncSession, event: RelapseReported) -> None:
    """Somebody says that the family may have fallen back: whoever accompanies it looks, and confirms or not."""
    await ask_for_check(session, event.graduasi_id)


@relapse.on(OutcomeRecorded)
async def look_after_bad_outcome(session: AsyncSession, event: OutcomeRecorded) -> None:
    """The business that the aid went to is no more: the same."""
    if not event.still_in_business:
        await ask_for_check(session, event.graduasi_id)
