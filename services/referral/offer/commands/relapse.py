"""A family has fallen back: what it is offered then is a rujukan of its own purpose, beside the first (chain.md 8)."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.consent.commands import hold_like
from services.referral.offer.commands.opening import match_rujukan
from services.referral.rujukan.models import Rujukan, RujukanState
from services.referral.rujukan.queries import rujukan_of
from shared import clock
from shared.contracts.graduation import RelapseConfirmed
from shared.contracts.kinds import RujukanPurpose
from shared.contracts.referral import RujukanOpened
from shared.database import uuid7, write_once
from shared.messaging import emit

SAME = (
    "graduasi_id",
    "kpm_id",
    "kode_wilayah",
    "bansos",
    "exit_reason",
    "sk_no",
    "sk_on",
    "certificate_no",
    "effective_on",
)


async def open_next(session: AsyncSession, event: RelapseConfirmed) -> None:
    """Open one rujukan of purpose KAMBUH and match the family anew; told again, nothing happens.

    The first one stays as it is: a graduation has exactly one of purpose PASCAGRADUASI.
    """
    first = await rujukan_of(session, event.graduasi_id)
    if first is None or first.state is RujukanState.DICABUT:
        return
    case: dict[str, Any] = {name: getattr(first, name) for name in SAME} | {
        "rujukan_id": uuid7(),
        "purpose": RujukanPurpose.KAMBUH,
        "state": RujukanState.TERBUKA,
        "paused": False,
        "matched": False,
        "opened_on": await clock.today(session),
        "version": 1,
    }
    if await write_once(session, Rujukan, case):
        opened = await session.get_one(Rujukan, case["rujukan_id"])
        emit(session, RujukanOpened.of(opened))
        await hold_like(session, first, opened)
        await match_rujukan(session, opened)
