"""Reactions to withdrawn exit proposals and voided memberships."""

from services.graduation.review.commands import apply_withdrawal, cancel_cases_of_voided
from services.graduation.subscriptions import exits
from shared.contracts.caseload import ExitProposalWithdrawn, KepesertaanVoided

exits.on(ExitProposalWithdrawn)(apply_withdrawal)
exits.on(KepesertaanVoided)(cancel_cases_of_voided)
