"""Tasks as people work on them: a pendamping's are those of the families that he accompanies today."""

from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.dampingan.models import Dampingan
from services.caseload.family.models import Kpm
from services.caseload.tables import columns_of
from services.caseload.task.models import Tugas, TugasKind, TugasView
from services.caseload.visibility import accompanied_by, area_of, within
from shared import clock
from shared.access import Actor, Scope
from shared.contracts.kinds import PilarKind

# A family without a pendamping waits for its office, not for one that it does not have.
OF_THE_OFFICE = (TugasKind.PASANG_PENDAMPING,)


async def list_tugas(
    session: AsyncSession, actor: Actor, *, open_only: bool, kind: TugasKind | None, kode_wilayah: str | None
) -> sa.Select[*tuple[Any, ...]]:
    """Select tasks by `due_on`; a pendamping's own, officials' by area, each with who holds it today."""
    today = await clock.today(session)
    columns = columns_of(Tugas, TugasView)
    statement = sa.select(*columns, Tugas.opened_on, area_of(Tugas.kpm_id), holder_on(today).label("held_by"))
    if actor.scope is Scope.OWN_FAMILIES:
        mine = accompanied_by(actor.pendamping_id, today)
        statement = statement.join(mine, mine.c.kpm_id == Tugas.kpm_id)
        statement = statement.where(Tugas.kind.not_in(OF_THE_OFFICE))
    if open_only:
        statement = statement.where(Tugas.done_at.is_(None))
    if kind is not None:
        statement = statement.where(Tugas.kind == kind)
    narrowed = within(actor, kode_wilayah)
    return statement.join(Kpm, Kpm.kpm_id == Tugas.kpm_id).where(*narrowed) if narrowed else statement


def holder_on(day: date) -> sa.ScalarSelect[UUID]:
    """Return who accompanies a task's family on a day: computed, so that it follows every hand-over."""
    held = sa.select(Dampingan.pendamping_id).where(
        Dampingan.kpm_id == Tugas.kpm_id,
        Dampingan.kind == PilarKind.PKH_PENDAMPING,
        Dampingan.valid.contains(day),
    )
    return held.limit(1).scalar_subquery()
