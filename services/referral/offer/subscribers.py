from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.offer.commands.opening import open_rujukan
from services.referral.offer.commands.relapse import open_next
from services.referral.subscriptions import graduation
from shared.contracts.graduation import GraduasiDetermined, RelapseConfirmed


@graduation.on(GraduasiDetermined)
async def open_case(session: AsyncSession, event: GraduasiDetermined) -> None:
    """Open the one rujukan of this graduation, with one draft for each program that fits."""
    await open_rujukan(session, event)


@graduation.on(RelapseConfirmed)
async def offer_again(session: AsyncSession, event: RelapseConfirmed) -> None:
    """The family has fallen back: see what else there is for it."""
    await open_next(session, event)
