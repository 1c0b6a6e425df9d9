"""Reaction to voided memberships."""

from services.graduation.review.commands import cancel_cases_of_voided
from services.graduation.subscriptions import exits
from shared.contracts.caseload import KepesertaanVoided

exits.on(KepesertaanVoided)(cancel_cases_of_voided)
