"""Calls to partners, and notices pending for a new webhook address."""

from services.referral.partner.commands.webhook import call_partner
from services.referral.partner_call.commands import (
    SEND_NOTICES,
    SEND_RUJUKAN,
    prepare_sending,
    record_sending,
    send_pending_notices,
)
from shared.jobs import ExternalCall, Work

WORK = Work(
    scheduled_tasks={SEND_NOTICES: send_pending_notices},
    calls={SEND_RUJUKAN: ExternalCall(prepare_sending, call_partner, record_sending)},
)
