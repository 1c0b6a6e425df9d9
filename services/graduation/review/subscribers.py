"""Reaction to an exit proposal that its proposer withdrew."""

from services.graduation.review.commands import hear_withdrawal
from services.graduation.subscriptions import exits
from shared.contracts.caseload import ExitProposalWithdrawn

exits.on(ExitProposalWithdrawn)(hear_withdrawal)
