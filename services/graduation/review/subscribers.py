from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.review.commands import hear_withdrawal
from services.graduation.subscriptions import exits
from shared.contracts.caseload import ExitProposalWithdrawn


@exits.on(ExitProposalWithdrawn)
async def cancel_short_case(session: AsyncSession, event: ExitProposalWithdrawn) -> None:
    """Its proposer takes it back: the case falls away, unless an SK was faster."""
    await hear_withdrawal(session, event)
