"""Outside calls to partners, and notices pending for a new address."""

from services.referral.partner.commands.webhook import reach
from services.referral.sending.commands import SENDING, UNTAKEN, ask_untaken, prepare_sending, record_sending
from shared.jobs import OutsideCall, Work

WORK = Work(dues={UNTAKEN: ask_untaken}, calls={SENDING: OutsideCall(prepare_sending, reach, record_sending)})
