from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.models import HandOver, HandOverWithdrawal
from shared import schema
from shared.errors import NotFound


async def read_hand_over(session: AsyncSession, hand_over_id: UUID) -> dict[str, Any]:
    """Return one hand-over and how far it is; `withdrawal_*` where it was called off.

    Raises:
        NotFound: there is none, or not in the caller's areas.
    """
    job = schema.job.c
    columns = [column for column in HandOver.__table__.columns if column.name != "open"]
    withdrawal = (
        HandOverWithdrawal.withdrawn_by,
        HandOverWithdrawal.withdrawn_at,
        HandOverWithdrawal.reason.label("withdrawal_reason"),
    )
    found = await session.execute(
        sa.select(
            *columns, *withdrawal, job.state, job.done, job.refused, job.error, job.reason.label("failure")
        )
        .outerjoin(schema.job, job.job_id == HandOver.job_id)
        .outerjoin(HandOverWithdrawal, HandOverWithdrawal.hand_over_id == HandOver.hand_over_id)
        .where(HandOver.hand_over_id == hand_over_id)
    )
    row = found.mappings().one_or_none()
    if row is None:
        raise NotFound("hand-over")
    return dict(row)
