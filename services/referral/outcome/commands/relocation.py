"""A family moves: its rujukan go with it, to whoever accompanies it there, to the office there and the places there."""

from collections.abc import Mapping
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.deadline.models import Escalation
from services.referral.follow_up.models import OutcomeTask
from services.referral.place.commands import ask_promotion, waiting_of
from services.referral.place.models import WaitingReason
from services.referral.rujukan.models import Rujukan, RujukanProgram, RujukanState
from shared.database import as_table


async def follow_families(session: AsyncSession, lives_in: Mapping[UUID, str]) -> None:
    """Let the rujukan of these families go where they live now, with their offers; said again, nothing.

    A place that is held stays held; who waits for one keeps its turn, for the places of the new area. What was taken
    back with its graduation stays where it ended.
    """
    now = as_table(lives_in, "kpm_id", "kode_wilayah")
    moved = (
        sa.select(Rujukan, now.c.kode_wilayah)
        .join(now, now.c.kpm_id == Rujukan.kpm_id)
        .where(Rujukan.kode_wilayah != now.c.kode_wilayah, Rujukan.state != RujukanState.DICABUT)
    )
    locked = moved.order_by(Rujukan.rujukan_id).with_for_update(key_share=True, of=Rujukan)
    found = await session.execute(locked, execution_options={"populate_existing": True})
    for rujukan, kode_wilayah in found.all():
        rujukan.kode_wilayah, rujukan.version = kode_wilayah, rujukan.version + 1
        await _take_along(session, rujukan)


async def _take_along(session: AsyncSession, rujukan: Rujukan) -> None:
    mine = sa.select(RujukanProgram).where(RujukanProgram.rujukan_id == rujukan.rujukan_id)
    locked = mine.order_by(RujukanProgram.rujukan_program_id).with_for_update(key_share=True)
    for row in await session.scalars(locked, execution_options={"populate_existing": True}):
        row.kode_wilayah, row.version = rujukan.kode_wilayah, row.version + 1
        await _what_is_open(session, row)


async def _what_is_open(session: AsyncSession, row: RujukanProgram) -> None:
    for model, still_open in (
        (OutcomeTask, OutcomeTask.closed_on.is_(None)),
        (Escalation, Escalation.settled_on.is_(None)),
    ):
        of_this = model.rujukan_program_id == row.rujukan_program_id
        await session.execute(
            sa.update(model).where(of_this, still_open).values(kode_wilayah=row.kode_wilayah)
        )
    waiting = await waiting_of(session, row.rujukan_program_id)
    if waiting is not None:
        waiting.kode_wilayah = row.kode_wilayah
        if waiting.reason is WaitingReason.KUOTA_PENUH:  # that quota is not its own any more
            waiting.reason, waiting.quota_id = WaitingReason.TANPA_KUOTA, None
        await ask_promotion(session, row.program_code)
