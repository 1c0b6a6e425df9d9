"""Command that moves the cases of families to the area where the families live."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.case.models import ENDED_WITHOUT_EXIT, Graduasi
from services.graduation.exit_proposal.models import ExitProposal, ExitTaken
from services.graduation.monitoring.models import MonitoringTask
from services.graduation.objection.models.sanggah import Sanggah, SanggahState
from shared.database import as_table
from shared.evidence import move_flags


async def relocate_families(session: AsyncSession, areas: Mapping[UUID, str]) -> None:
    """Set the area of the families' cases to the area where they live now.

    The case, its open tasks, its open sanggah and the exit proposals that wait for it change their area. Completed
    rows keep theirs: stage acts, penetapan, credits and results. A case that ended without an exit is not changed.
    """
    current = as_table(areas, "kpm_id", "kode_wilayah")
    statement = (
        sa.select(Graduasi, current.c.kode_wilayah)
        .join(current, current.c.kpm_id == Graduasi.kpm_id)
        .where(Graduasi.kode_wilayah != current.c.kode_wilayah, Graduasi.state.not_in(ENDED_WITHOUT_EXIT))
        .order_by(Graduasi.graduasi_id)
        .with_for_update(key_share=True, of=Graduasi)
    )
    for case, kode_wilayah in await session.execute(statement, execution_options={"populate_existing": True}):
        case.kode_wilayah, case.version = kode_wilayah, case.version + 1
        await _relocate_open_rows(session, case)
        await move_flags(session, case.kpm_id, kode_wilayah)


async def _relocate_open_rows(session: AsyncSession, case: Graduasi) -> None:
    await session.flush()
    open_rows: tuple[tuple[Any, sa.ColumnElement[bool]], ...] = (
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
    for model, condition in open_rows:
        await session.execute(sa.update(model).where(condition).values(kode_wilayah=case.kode_wilayah))
