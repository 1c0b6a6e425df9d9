"""Calls that tell a partner of a notice."""

from services.referral.notice.commands import TELLING, prepare_telling, record_telling
from services.referral.partner.commands.webhook import reach
from shared.jobs import OutsideCall, Work

WORK = Work(calls={TELLING: OutsideCall(prepare_telling, reach, record_telling)})
