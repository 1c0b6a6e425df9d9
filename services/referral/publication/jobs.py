from sqlalchemy.ext.asyncio import AsyncSession

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
from shared.jobs import Due, OutsideCall, Work


async def promote_waiting(session: AsyncSession, due: Due) -> None:
    """Let those who wait for a program go on, in their order."""
    await promote(session, due)


WORK = Work(
    steps={REPLAY: replay_step},
    dues={PROMOTING: promote_waiting},
    calls={REPLAYING: OutsideCall(prepare_replay, reach, record_replay)},
)
