"""Reaction to withdrawn exit proposals."""

from services.graduation.review.commands import apply_withdrawal
from services.graduation.subscriptions import exits
from shared.contracts.caseload import ExitProposalWithdrawn

exits.on(ExitProposalWithdrawn)(apply_withdrawal)
