"""Calls that send a notice to a partner."""

from services.referral.notice.commands import SEND_NOTICE, prepare_notice, record_notice
from services.referral.partner.commands.webhook import call_partner
from shared.jobs import ExternalCall, Work

WORK = Work(calls={SEND_NOTICE: ExternalCall(prepare_notice, call_partner, record_notice)})
