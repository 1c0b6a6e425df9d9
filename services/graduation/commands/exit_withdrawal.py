"""A proposed exit that its proposer took back in caseload: its case falls away, as long as no SK stands on it."""

from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.commands.case import Act, advance, load_case
from services.graduation.commands.exits import proposer_of, take_up_waiting
from services.graduation.commands.review import closed
from services.graduation.models import BEFORE_DITETAPKAN, ExitProposal, ExitTaken, GraduasiState
from shared.clock import moment_of
from shared.contracts.caseload import ExitProposalWithdrawn
from shared.contracts.kinds import ClosedAs
from shared.messaging import emit


class WithdrawalGround(StrEnum):
    """Why the case fell away; the words stay in caseload."""

    USULAN_DITARIK = "USULAN_DITARIK"


async def hear_withdrawal(session: AsyncSession, told: ExitProposalWithdrawn) -> None:
    """Cancel the case that the proposal opened, or let it wait no more; an SK that was faster stands."""
    proposal = await session.get(ExitProposal, told.exit_proposal_id, with_for_update=True)
    if proposal is None:
        return
    if proposal.graduasi_id is None:
        proposal.taken, proposal.behind_id = ExitTaken.WITHDRAWN, None
        return
    case, policy = await load_case(session, proposal.graduasi_id)
    standing = GraduasiState(case.postponed_from) if case.postponed_from else case.state
    if standing in BEFORE_DITETAPKAN:
        ground = WithdrawalGround.USULAN_DITARIK
        act = Act(proposer_of(proposal), await moment_of(session), reason=ground.value)
        await advance(session, [(case, policy)], [GraduasiState.DIBATALKAN], act)
        emit(session, closed(case, ClosedAs.DIBATALKAN, ground))
        await take_up_waiting(session, case)
