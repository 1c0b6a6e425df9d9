from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.exit_proposal.commands import hear_exit
from services.graduation.subscriptions import exits
from shared.contracts.caseload import ExitProposed
from shared.dates import day_of
from shared.messaging import Meta


@exits.on(ExitProposed)
async def open_short_case(session: AsyncSession, event: ExitProposed, meta: Meta) -> None:
    """A death, a move, a double or a family not found: a case under its proposer, of what the fact itself says."""
    await hear_exit(session, event, day_of(meta.occurred_at))
