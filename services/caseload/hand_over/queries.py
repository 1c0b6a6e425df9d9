from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.hand_over.models import HandOver, HandOverWithdrawal
from shared import schema
from shared.areas import in_areas
from shared.database import vault_of
from shared.errors import NotFound
from shared.privacy import Vault, open_texts

JOB = schema.job.c
ENDED = ("DONE", "CANCELLED", "FAILED")
COLUMNS = (
    *(column for column in HandOver.__table__.columns if column.name != "open"),
    HandOverWithdrawal.withdrawn_by,
    HandOverWithdrawal.withdrawn_at,
    HandOverWithdrawal.reason_sealed.label("withdrawal_reason_sealed"),
    *(JOB.state, JOB.done, JOB.refused, JOB.report, JOB.error, JOB.reason.label("failure")),
)
HAND_OVERS = (
    sa.select(*COLUMNS)
    .select_from(HandOver)
    .outerjoin(schema.job, JOB.job_id == HandOver.job_id)
    .outerjoin(HandOverWithdrawal, HandOverWithdrawal.hand_over_id == HandOver.hand_over_id)
)


async def read_hand_over(session: AsyncSession, hand_over_id: UUID) -> dict[str, Any]:
    """Return one hand-over with its progress, and its withdrawal if any.

    Raises:
        NotFound: it does not exist, or is outside the actor's areas.
    """
    rows = await session.execute(HAND_OVERS.where(HandOver.hand_over_id == hand_over_id))
    row = rows.mappings().one_or_none()
    if row is None:
        raise NotFound("hand-over")
    return open_reasons(vault_of(session), dict(row))


def open_reasons(vault: Vault, row: dict[str, Any]) -> dict[str, Any]:
    """Return a hand-over with its reasons in clear text."""
    row_id, withdrawal = row["hand_over_id"], row.pop("withdrawal_reason_sealed")
    place = {"table": "hand_over_withdrawal", "column": "reason", "row_id": row_id}
    opened = open_texts(vault, row, ("reason", "override_reason"), table="hand_over", row_id=row_id)
    return opened | {"withdrawal_reason": vault.open(withdrawal, **place) if withdrawal else None}


def list_hand_overs(kode_wilayah: str | None, *, open_only: bool) -> sa.Select[*tuple[Any, ...]]:
    """Select the orders of the actor's areas. Open ones are neither ended nor withdrawn."""
    statement = HAND_OVERS
    if kode_wilayah is not None:
        statement = statement.where(in_areas(HandOver.kode_wilayah, [kode_wilayah]))
    # A job that succeeds sets `open` to false. The order of a failed job stays open until the next order.
    is_open = sa.and_(HandOver.open, sa.or_(JOB.state.is_(None), JOB.state.not_in(ENDED)))
    return statement.where(is_open) if open_only else statement
