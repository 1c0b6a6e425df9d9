"""Queries for tasks. A pendamping's tasks are those of the families that he accompanies today."""

from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.dampingan.models import Dampingan
from services.caseload.family.models import Kpm
from services.caseload.tables import columns_of
from services.caseload.task.models import OFFICE_KINDS, Tugas, TugasKind, TugasView
from services.caseload.visibility import accompanied_families, area_conditions, select_kode_wilayah
from shared import clock
from shared.access import Actor, Scope
from shared.contracts.kinds import PilarKind


async def list_tugas(
    session: AsyncSession, actor: Actor, *, open_only: bool, kind: TugasKind | None, kode_wilayah: str | None
) -> sa.Select[*tuple[Any, ...]]:
    """Select tasks that the actor may read by `due_on`, each with the pendamping of today."""
    today = await clock.today(session)
    columns = columns_of(Tugas, TugasView)
    statement = sa.select(
        *columns,
        Tugas.opened_on,
        select_kode_wilayah(Tugas.kpm_id),
        select_pendamping_on(today).label("held_by"),
    )
    if actor.scope is Scope.OWN_FAMILIES:
        accompanied = accompanied_families(actor.pendamping_id, today)
        statement = statement.join(accompanied, accompanied.c.kpm_id == Tugas.kpm_id)
        statement = statement.where(Tugas.kind.not_in(OFFICE_KINDS))
    if open_only:
        statement = statement.where(Tugas.done_at.is_(None))
    if kind is not None:
        statement = statement.where(Tugas.kind == kind)
    conditions = area_conditions(actor, kode_wilayah)
    return statement.join(Kpm, Kpm.kpm_id == Tugas.kpm_id).where(*conditions) if conditions else statement


def select_pendamping_on(day: date) -> sa.ScalarSelect[UUID]:
    """Return a subquery for the PKH pendamping of a task's family on a day."""
    statement = sa.select(Dampingan.pendamping_id).where(
        Dampingan.kpm_id == Tugas.kpm_id,
        Dampingan.kind == PilarKind.PKH_PENDAMPING,
        Dampingan.valid.contains(day),
    )
    return statement.limit(1).scalar_subquery()
