"""Rujukan of a graduation, and the programs offered in a rujukan."""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.notice.models import PartnerNotice
from services.referral.partner_call.models import DeliveryAttempt
from services.referral.rujukan.models import Rujukan, RujukanProgram, RujukanProgramHistory
from shared.contracts.rujukan_kinds import RujukanPurpose

HISTORY_ORDER = (RujukanProgramHistory.history_id,)
NOTICE_ORDER = (PartnerNotice.created_at, PartnerNotice.notice_id)
ATTEMPT_ORDER = (DeliveryAttempt.attempt_id,)


async def lock_first_rujukan(session: AsyncSession, graduasi_id: UUID) -> Rujukan | None:
    """Return and lock the PASCAGRADUASI rujukan of a graduation, or None."""
    statement = sa.select(Rujukan).where(
        Rujukan.graduasi_id == graduasi_id, Rujukan.purpose == RujukanPurpose.PASCAGRADUASI
    )
    return await session.scalar(statement.with_for_update(key_share=True))


async def lock_all_rujukan(session: AsyncSession, graduasi_id: UUID) -> Sequence[Rujukan]:
    """Return and lock all rujukan of a graduation, the first one first."""
    statement = sa.select(Rujukan).where(Rujukan.graduasi_id == graduasi_id).order_by(Rujukan.rujukan_id)
    return (await session.scalars(statement.with_for_update(key_share=True))).all()


async def read_programs(session: AsyncSession, rujukan_id: UUID) -> Sequence[RujukanProgram]:
    """Return the programs offered in a rujukan, by program code and age."""
    statement = sa.select(RujukanProgram).where(RujukanProgram.rujukan_id == rujukan_id)
    return (
        await session.scalars(
            statement.order_by(RujukanProgram.program_code, RujukanProgram.rujukan_program_id)
        )
    ).all()
