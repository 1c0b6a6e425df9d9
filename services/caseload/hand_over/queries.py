from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.hand_over.models import HandOver, HandOverWithdrawal
from shared import schema
from shared.areas import in_areas
from shared.errors import NotFound

JOB = schema.job.c
ENDED = ("DONE", "CANCELLED", "FAILED")
COLUMNS = (
    *(column for column in HandOver.__table__.columns if column.name != "open"),
    HandOverWithdrawal.withdrawn_by,
    HandOverWithdrawal.withdrawn_at,
    HandOverWithdrawal.reason.label("withdrawal_reason"),
    *(JOB.state, JOB.done, JOB.refused, JOB.error, JOB.reason.label("failure")),
)
HAND_OVERS = (
    sa.select(*COLUMNS)
    .select_from(HandOver)
    .outerjoin(schema.job, JOB.job_id == HandOver.job_id)
    .outerjoin(HandOverWithdrawal, HandOverWithdrawal.hand_over_id == HandOver.hand_over_id)
)


async def read_hand_over(session: AsyncSession, hand_over_id: UUID) -> dict[str, Any]:
    """Return one hand-over and how far it is; `withdrawal_*` where it was called off.

    Raises:
        NotFound: there is none, or not in the caller's areas.
    """
    found = await session.execute(HAND_OVERS.where(HandOver.hand_over_id == hand_over_id))
    row = found.mappings().one_or_none()
    if row is None:
        raise NotFound("hand-over")
    return dict(row)


def list_hand_overs(kode_wilayah: str | None, *, open_only: bool) -> sa.Select[*tuple[Any, ...]]:
    """Select the orders of the caller's areas, by row security; open: neither ended nor called off."""
    wanted = HAND_OVERS
    if kode_wilayah is not None:
        wanted = wanted.where(in_areas(HandOver.kode_wilayah, [kode_wilayah]))
    # `open` is written where the job ends well; one that failed is closed by the next order.
    waits = sa.and_(HandOver.open, sa.or_(JOB.state.is_(None), JOB.state.not_in(ENDED)))
    return wanted.where(waits) if open_only else wanted
