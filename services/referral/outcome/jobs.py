"""Scheduled tasks: reminders, expiries, and ends of aid and of cases."""

from services.referral.deadline.commands import CLOSING, DUE_KIND
from services.referral.deadline.models import DeadlineKind
from services.referral.follow_up.commands import FINISHING, finish_aid
from services.referral.outcome.commands.outcomes import close_rujukan
from services.referral.outcome.commands.overdue import expire, remind_partner
from shared.jobs import Work, for_subject

WORK = Work(
    dues={
        CLOSING: for_subject(close_rujukan),
        FINISHING: for_subject(finish_aid),
        DUE_KIND[DeadlineKind.REMINDER]: for_subject(remind_partner),
        DUE_KIND[DeadlineKind.EXPIRY]: for_subject(expire),
    }
)
