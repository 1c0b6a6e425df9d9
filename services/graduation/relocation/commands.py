"""A family moves: its standing cases go with it, and whoever serves the new area decides and watches from then on."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.case.models import ENDED_WITHOUT, Graduasi
from services.graduation.exit_proposal.models import ExitProposal, ExitTaken
from services.graduation.monitoring.models import MonitoringTask
from services.graduation.objection.models import Sanggah, SanggahState
from shared.database import as_table


async def follow_families(session: AsyncSession, lives_in: Mapping[UUID, str]) -> None:
    """Let what is still to be decided or seen of these families go where they live now; said again, nothing.

    The case, its open tasks and its open sanggah change their area, and an exit that waits behind it. What was done
    keeps the area in which it was done: acts, the penetapan, what it counted, results. A case that ended without an
    exit stays where it ended.
    """
    now = as_table(lives_in, "kpm_id", "kode_wilayah")
    wanted = sa.select(Graduasi, now.c.kode_wilayah).join(now, now.c.kpm_id == Graduasi.kpm_id)
    moved = wanted.where(Graduasi.kode_wilayah != now.c.kode_wilayah, Graduasi.state.not_in(ENDED_WITHOUT))
    locked = moved.order_by(Graduasi.graduasi_id).with_for_update(key_share=True, of=Graduasi)
    for case, kode_wilayah in await session.execute(locked, execution_options={"populate_existing": True}):
        case.kode_wilayah, case.version = kode_wilayah, case.version + 1
        await _take_along(session, case)


async def _take_along(session: AsyncSession, case: Graduasi) -> None:
    await session.flush()
    going: tuple[tuple[Any, sa.ColumnElement[bool]], ...] = (
        (
            MonitoringTask,
            sa.and_(
                MonitoringTask.graduasi_id == case.graduasi_id,
                MonitoringTask.recorded_on.is_(None),
                MonitoringTask.closed_on.is_(None),
            ),
        ),
        (Sanggah, sa.and_(Sanggah.graduasi_id == case.graduasi_id, Sanggah.state == SanggahState.DIAJUKAN)),
        (
            ExitProposal,
            sa.and_(ExitProposal.behind_id == case.graduasi_id, ExitProposal.taken == ExitTaken.WAITING),
        ),
    )
    for model, still_open in going:
        await session.execute(sa.update(model).where(still_open).values(kode_wilayah=case.kode_wilayah))
