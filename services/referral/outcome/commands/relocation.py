"""Move the rujukan of a relocated family to its new area."""

from collections.abc import Mapping
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.deadline.models import Escalation
from services.referral.follow_up.models import OutcomeTask
from services.referral.place.commands import schedule_promotion
from services.referral.place.models import WaitingReason
from services.referral.place.queries import read_waiting_list_entry
from services.referral.rujukan.models import Rujukan, RujukanProgram, RujukanState
from shared.database import as_table
from shared.evidence import move_flags


async def relocate_families(session: AsyncSession, areas: Mapping[UUID, str]) -> None:
    """Move the rujukan of these families, with their offers, to their current areas.

    A place that is held stays held. A family on a waiting list keeps its turn, for places of the new area.
    A withdrawn rujukan stays in its area. A repeated call changes nothing.
    """
    current = as_table(areas, "kpm_id", "kode_wilayah")
    moved = (
        sa.select(Rujukan, current.c.kode_wilayah)
        .join(current, current.c.kpm_id == Rujukan.kpm_id)
        .where(Rujukan.kode_wilayah != current.c.kode_wilayah, Rujukan.state != RujukanState.DICABUT)
    )
    locked = moved.order_by(Rujukan.rujukan_id).with_for_update(key_share=True, of=Rujukan)
    rows = await session.execute(locked, execution_options={"populate_existing": True})
    for rujukan, kode_wilayah in rows.all():
        rujukan.kode_wilayah, rujukan.version = kode_wilayah, rujukan.version + 1
        await _relocate_offers(session, rujukan)
        await move_flags(session, rujukan.kpm_id, kode_wilayah)


async def _relocate_offers(session: AsyncSession, rujukan: Rujukan) -> None:
    programs = sa.select(RujukanProgram).where(RujukanProgram.rujukan_id == rujukan.rujukan_id)
    locked = programs.order_by(RujukanProgram.rujukan_program_id).with_for_update(key_share=True)
    for row in await session.scalars(locked, execution_options={"populate_existing": True}):
        row.kode_wilayah, row.version = rujukan.kode_wilayah, row.version + 1
        await _relocate_open_rows(session, row)


async def _relocate_open_rows(session: AsyncSession, row: RujukanProgram) -> None:
    for model, is_open in (
        (OutcomeTask, OutcomeTask.closed_on.is_(None)),
        (Escalation, Escalation.settled_on.is_(None)),
    ):
        of_offer = model.rujukan_program_id == row.rujukan_program_id
        await session.execute(sa.update(model).where(of_offer, is_open).values(kode_wilayah=row.kode_wilayah))
    waiting = await read_waiting_list_entry(session, row.rujukan_program_id)
    if waiting is not None:
        waiting.kode_wilayah = row.kode_wilayah
        if waiting.reason is WaitingReason.KUOTA_PENUH:  # that quota does not cover the new area
            waiting.reason, waiting.quota_id = WaitingReason.TANPA_KUOTA, None
        await schedule_promotion(session, row.program_code)
