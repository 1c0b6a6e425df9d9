from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.partner.commands.webhook import reach
from services.referral.sending.commands import SENDING, UNTAKEN, ask_untaken, prepare_sending, record_sending
from shared.jobs import Due, OutsideCall, Work


async def tell_untaken(session: AsyncSession, due: Due) -> None:
    """Tell a partner at its new address what it has not taken."""
    await ask_untaken(session, due)


WORK = Work(
    dues={UNTAKEN: tell_untaken}, calls={SENDING: OutsideCall(prepare_sending, reach, record_sending)}
)
