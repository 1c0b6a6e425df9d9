"""Start dampingan again whose end was recorded in error (docs/case-lifecycle.md#statuses-of-a-pendamping).

A wrong final status, or a wrong end of a placement or area, ended them. A family that has another pendamping since
keeps that one.
"""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from services.caseload.dampingan.commands.assignment import continue_dampingan
from services.caseload.dampingan.models import Dampingan, GapCause
from services.caseload.family.models import Kpm
from shared import clock
from shared.access import Actor
from shared.contracts.kinds import PilarKind
from shared.database import load

RESTORE_DAMPINGAN = "dampingan.restore"
RESTORED_AT_ONCE = 50
CAUSES = (
    GapCause.PENDAMPING_TIDAK_AKTIF,
    GapCause.PENUGASAN_BERAKHIR,
    GapCause.WILAYAH_TUGAS_BERAKHIR,
)


def ended_with_status(pendamping_id: UUID, on: date) -> sa.ColumnElement[bool]:
    """Return the condition that a dampingan ended with its status, placement or area."""
    return sa.and_(
        Dampingan.pendamping_id == pendamping_id,
        Dampingan.reason.in_(CAUSES),
        sa.or_(sa.func.upper(Dampingan.valid) == on, Dampingan.cancelled_from >= on),
    )


async def read_ended_dampingan(
    session: AsyncSession, pendamping_id: UUID, on: date, after: UUID
) -> Sequence[Dampingan]:
    """Return the next ended dampingan of families that nobody of the kind accompanies now."""
    other, today = aliased(Dampingan), await clock.today(session)
    same = sa.or_(other.kind == PilarKind.PKH_PENDAMPING, other.penugasan_id == Dampingan.penugasan_id)
    accompanied = sa.exists().where(
        other.kpm_id == Dampingan.kpm_id,
        other.kind == Dampingan.kind,
        same,
        ~sa.func.isempty(other.valid),
        sa.func.coalesce(sa.func.upper(other.valid) > today, sa.true()),
    )
    statement = sa.select(Dampingan).where(
        ended_with_status(pendamping_id, on), Dampingan.dampingan_id > after, ~accompanied
    )
    return (await session.scalars(statement.order_by(Dampingan.dampingan_id).limit(RESTORED_AT_ONCE))).all()


async def restore_dampingan_of(
    session: AsyncSession, actor: Actor, rows: Sequence[Dampingan], why: str
) -> None:
    """Start the dampingan of each family again today, if its placement can still accompany it."""
    today = await clock.today(session)
    for row in rows:
        kpm = await load(session, Kpm, row.kpm_id)
        if kpm.ended_on is None:
            await continue_dampingan(session, actor, kpm, [row], today, why=why)
