"""Jobs that promote waiting families and replay notices."""

from services.referral.partner.commands.webhook import call_partner
from services.referral.place.commands import PROMOTE_WAITING
from services.referral.publication.commands.places import promote_waiting
from services.referral.publication.commands.replay import (
    REPLAY_NOTICE,
    REPLAY_PARTNER,
    prepare_replay,
    record_replay,
    replay_step,
)
from services.referral.publication.commands.webhook_secret import END_FORMER_SECRET, end_former_secret
from shared.jobs import ExternalCall, Work

WORK = Work(
    steps={REPLAY_PARTNER: replay_step},
    scheduled_tasks={PROMOTE_WAITING: promote_waiting, END_FORMER_SECRET: end_former_secret},
    calls={REPLAY_NOTICE: ExternalCall(prepare_replay, call_partner, record_replay)},
)
