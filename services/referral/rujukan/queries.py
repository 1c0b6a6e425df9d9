"""The rujukan of a graduation, and the offers in a rujukan."""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.rujukan.models import Rujukan, RujukanProgram, RujukanProgramHistory
from services.referral.sending.models import Attempt
from shared.contracts.kinds import RujukanPurpose

HISTORY_ORDER = (RujukanProgramHistory.history_id,)
ATTEMPT_ORDER = (Attempt.attempt_id,)


async def rujukan_of(session: AsyncSession, graduasi_id: UUID) -> Rujukan | None:
    """Return the rujukan that a graduation opened, locked, or None where it opened none."""
    wanted = sa.select(Rujukan).where(
        Rujukan.graduasi_id == graduasi_id, Rujukan.purpose == RujukanPurpose.PASCAGRADUASI
    )
    return await session.scalar(wanted.with_for_update(key_share=True))


async def all_rujukan_of(session: AsyncSession, graduasi_id: UUID) -> Sequence[Rujukan]:
    """Return the cases that hang on a graduation, locked, the first one first: what undoes it undoes all."""
    wanted = sa.select(Rujukan).where(Rujukan.graduasi_id == graduasi_id).order_by(Rujukan.rujukan_id)
    return (await session.scalars(wanted.with_for_update(key_share=True))).all()


async def programs_of(session: AsyncSession, rujukan_id: UUID) -> Sequence[RujukanProgram]:
    """Return what a rujukan holds, in the order of the programs' codes."""
    wanted = sa.select(RujukanProgram).where(RujukanProgram.rujukan_id == rujukan_id)
    return (await session.scalars(wanted.order_by(RujukanProgram.program_code))).all()
