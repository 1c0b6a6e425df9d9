"""Reaction to the exit proposals of caseload."""

from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.exit_proposal.commands import apply_exit
from services.graduation.subscriptions import exits
from shared.contracts.caseload import ExitProposed
from shared.dates import day_of
from shared.messaging import Meta


@exits.on(ExitProposed)
async def open_short_case(session: AsyncSession, event: ExitProposed, meta: Meta) -> None:
    """Open a case without an assessment, in the name of the proposer."""
    await apply_exit(session, event, day_of(meta.occurred_at))
