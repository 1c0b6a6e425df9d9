from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.identity.commands import seal_identity, stop_sealing
from services.caseload.subscriptions import sealing
from shared.contracts.referral import ConsentGiven, ConsentWithdrawn


@sealing.on(ConsentGiven)
async def seal(session: AsyncSession, event: ConsentGiven) -> None:
    """The family agrees: its identity goes sealed to referral, for this program alone."""
    await seal_identity(session, event)


@sealing.on(ConsentWithdrawn)
async def stop(session: AsyncSession, event: ConsentWithdrawn) -> None:
    """The family takes it back: nothing more is sealed for it."""
    await stop_sealing(session, event)
