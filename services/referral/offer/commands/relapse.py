"""Open a rujukan of purpose KAMBUH after a confirmed relapse."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.consent.commands import copy_pauses, withdraw_rujukan
from services.referral.offer.commands.new_rujukan import match_rujukan
from services.referral.rujukan.models import Rujukan, RujukanState
from services.referral.rujukan.queries import lock_all_rujukan, lock_first_rujukan
from services.referral.tables import MoveReason
from shared import clock
from shared.contracts.graduation import RelapseConfirmed, RelapseReversed
from shared.contracts.referral import RujukanOpened
from shared.contracts.rujukan_kinds import RujukanPurpose
from shared.database import uuid7, write_once
from shared.messaging import emit

COPIED_FIELDS = (
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


async def open_relapse_rujukan(session: AsyncSession, event: RelapseConfirmed) -> None:
    """Open one rujukan of purpose KAMBUH and match the family again (docs/decisions/0020-relapse-is-confirmed-by-a-look.md).

    The first rujukan is not changed. A repeated event changes nothing.
    """
    first = await lock_first_rujukan(session, event.graduasi_id)
    if first is None or first.state is RujukanState.DICABUT:
        return
    case: dict[str, Any] = {name: getattr(first, name) for name in COPIED_FIELDS} | {
        "rujukan_id": uuid7(),
        "purpose": RujukanPurpose.KAMBUH,
        "state": RujukanState.TERBUKA,
        "paused": False,
        "matched": False,
        "opened_on": await clock.today(session),
        "version": 1,
    }
    if await write_once(session, Rujukan, case):
        rujukan = await session.get_one(Rujukan, case["rujukan_id"])
        emit(session, RujukanOpened.of(rujukan))
        await copy_pauses(session, first, rujukan)
        await match_rujukan(session, rujukan)


async def withdraw_relapse_rujukan(session: AsyncSession, event: RelapseReversed) -> None:
    """Withdraw the rujukan of a reversed relapse.

    Another relapse of the case opens another one.
    """
    for rujukan in await lock_all_rujukan(session, event.graduasi_id):
        if rujukan.purpose is RujukanPurpose.KAMBUH:
            await withdraw_rujukan(session, rujukan, "RELAPSE_REVERSED", why=MoveReason.KAMBUH_DIBATALKAN)
