"""Scheduled tasks of lapses: offers that a correction or a late fact has reopened."""

from services.referral.lapse.commands import end_reopened_offers
from services.referral.rujukan.commands import LAPSE_REOPENED
from shared.jobs import Work, for_subject

WORK = Work(scheduled_tasks={LAPSE_REOPENED: for_subject(end_reopened_offers)})
