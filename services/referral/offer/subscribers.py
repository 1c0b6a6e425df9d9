from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.offer.commands.opening import open_rujukan
from services.referral.offer.commands.relapse import open_next
from services.referral.subscriptions import graduation
from shared.contracts.graduation import GraduasiDetermined, RelapseConfirmed
from shared.messaging import Meta


@graduation.on(GraduasiDetermined)
async def open_case(session: AsyncSession, event: GraduasiDetermined, meta: Meta) -> None:
    """Open the one rujukan of this graduation, with one draft for each program that fits."""
    del meta
    await open_rujukan(session, event)


@graduation.on(RelapseConfirmed)
async def offer_again(session: AsyncSession, event: RelapseConfirmed, meta: Meta) -> None:
    """The family has fallen back: see what else there is for it."""
    del meta
    await open_next(session, event)
