"""Scheduled escalations."""

from services.referral.deadline.commands import DUE_KIND, escalate
from services.referral.deadline.models import DeadlineKind
from shared.jobs import Work, for_subject

WORK = Work(scheduled_tasks={DUE_KIND[DeadlineKind.ESCALATION]: for_subject(escalate)})
