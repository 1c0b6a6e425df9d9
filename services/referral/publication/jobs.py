"""Jobs that promote waiting families and replay notices."""

from services.referral.partner.commands.webhook import reach
from services.referral.place.commands import PROMOTING
from services.referral.publication.commands.places import promote
from services.referral.publication.commands.replay import (
    REPLAY,
    REPLAYING,
    prepare_replay,
    record_replay,
    replay_step,
)
from shared.jobs import OutsideCall, Work

WORK = Work(
    steps={REPLAY: replay_step},
    dues={PROMOTING: promote},
    calls={REPLAYING: OutsideCall(prepare_replay, reach, record_replay)},
)
