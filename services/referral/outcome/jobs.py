"""Scheduled tasks: reminders, expiries, ends of aid and of rujukan."""

from services.referral.deadline.commands import CLOSE_RUJUKAN, DUE_KIND
from services.referral.deadline.models import DeadlineKind
from services.referral.follow_up.commands import FINISH_AID, finish_aid
from services.referral.outcome.commands.outcomes import close_rujukan
from services.referral.outcome.commands.overdue_offers import expire_offer, remind_partner
from shared.jobs import Work, for_subject

WORK = Work(
    scheduled_tasks={
        CLOSE_RUJUKAN: for_subject(close_rujukan),
        FINISH_AID: for_subject(finish_aid),
        DUE_KIND[DeadlineKind.REMINDER]: for_subject(remind_partner),
        DUE_KIND[DeadlineKind.EXPIRY]: for_subject(expire_offer),
    }
)
