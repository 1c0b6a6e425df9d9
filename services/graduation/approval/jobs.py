"""Scheduled task that expires requests."""

from services.graduation.approval.commands import FORM
from shared.approval import approval_work

WORK = approval_work(FORM)
