"""Queries for tasks. A pendamping's tasks are those of the families that they accompany today."""

from collections.abc import Callable, Mapping
from datetime import date
from types import MappingProxyType
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.application.models import Usulan, UsulanState
from services.caseload.dampingan.models import Dampingan, DampinganGap
from services.caseload.family.models import Kpm, KpmAnggota
from services.caseload.membership.models import Kepesertaan
from services.caseload.replicas.models import Aid
from services.caseload.tables import columns_of
from services.caseload.task.models import OFFICE_KINDS, Tugas, TugasKind, TugasView
from services.caseload.task.rules import require_done, require_open
from services.caseload.visibility import accompanied_families, area_conditions, select_kode_wilayah
from shared import clock
from shared.access import Actor, Permission, Scope
from shared.actions import ActionView, find_refusal, to_action
from shared.contracts.kinds import PilarKind
from shared.contracts.rujukan_kinds import RujukanProgramState
from shared.errors import DomainError, NotFound
from shared.privacy import Vault, open_texts


async def list_tugas(
    session: AsyncSession,
    actor: Actor,
    *,
    open_only: bool,
    kind: TugasKind | None = None,
    kode_wilayah: str | None = None,
    kpm_id: UUID | None = None,
) -> sa.Select[*tuple[Any, ...]]:
    """Select tasks that the actor may read by `due_on`, each with the pendamping of today."""
    today = await clock.today(session)
    columns = columns_of(Tugas, TugasView)
    statement = sa.select(
        *columns,
        Tugas.opened_on,
        Tugas.note_sealed,
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
    if kpm_id is not None:
        statement = statement.where(Tugas.kpm_id == kpm_id)
    conditions = area_conditions(actor, kode_wilayah)
    return statement.join(Kpm, Kpm.kpm_id == Tugas.kpm_id).where(*conditions) if conditions else statement


def to_item(vault: Vault, actor: Actor, row: dict[str, Any]) -> dict[str, Any]:
    """Return a listed task with its clear note and the actor's actions."""
    item = open_texts(vault, row, ("note",), table="tugas", row_id=row["tugas_id"])
    return item | {"actions": [action.model_dump() for action in _list_actions(actor, row)]}


def _list_actions(actor: Actor, row: dict[str, Any]) -> list[ActionView]:
    # A pendamping who also has an area lists the tasks of other families too.
    certain = find_refusal(actor.under, Permission.TUGAS_FINISH) is not None or (
        actor.under(Permission.TUGAS_FINISH).scope is not Scope.OWN_FAMILIES
        or actor.scope is Scope.OWN_FAMILIES
    )
    return [
        to_action("finish_task", _find_refusal(actor, row, require_open), certain=certain),
        # An ended family, or work that was done otherwise, keeps a task closed.
        to_action("reopen_task", _find_refusal(actor, row, require_done), certain=False),
    ]


def _find_refusal(actor: Actor, row: dict[str, Any], require: Callable[..., None]) -> DomainError | None:
    if (refusal := find_refusal(actor.under, Permission.TUGAS_FINISH)) is not None:
        return refusal
    if not actor.under(Permission.TUGAS_FINISH).covers(row["kode_wilayah"]):
        return NotFound("tugas")
    return find_refusal(require, row["done_at"])


def select_pendamping_on(day: date) -> sa.ScalarSelect[UUID]:
    """Return a subquery for the PKH pendamping of a task's family on a day."""
    statement = sa.select(Dampingan.pendamping_id).where(
        Dampingan.kpm_id == Tugas.kpm_id,
        Dampingan.kind == PilarKind.PKH_PENDAMPING,
        Dampingan.valid.contains(day),
    )
    return statement.limit(1).scalar_subquery()


# The condition that the work of a task is done, by kind. A visit has none, because only its request finishes it.
SETTLED: Mapping[TugasKind, sa.ColumnElement[bool]] = MappingProxyType(
    {
        TugasKind.GANTI_PENGURUS: sa.exists().where(
            KpmAnggota.kpm_id == Tugas.kpm_id, KpmAnggota.pengurus, KpmAnggota.left_on.is_(None)
        ),
        TugasKind.RE_ENTRY: sa.exists().where(
            Usulan.kpm_id == Tugas.kpm_id,
            Usulan.state != UsulanState.REFUSED,
            Usulan.recorded_at >= Tugas.recorded_at,
        ),
        TugasKind.LENGKAPI_DATA: sa.not_(
            sa.exists().where(
                Aid.rujukan_program_id == Tugas.cause_id, Aid.status == RujukanProgramState.PERLU_DATA
            )
        ),
        TugasKind.PASANG_PENDAMPING: sa.exists().where(
            DampinganGap.gap_id == Tugas.cause_id, DampinganGap.until.is_not(None)
        ),
        TugasKind.PUTUSKAN_KEPESERTAAN: sa.exists().where(
            Kepesertaan.kpm_id == Tugas.kpm_id, Kepesertaan.cancelled_from.is_(None)
        ),
    }
)


async def is_settled(session: AsyncSession, tugas: Tugas) -> bool:
    """Return whether what a task asked for has been done."""
    if tugas.kind not in SETTLED:
        return False
    return bool(await session.scalar(sa.select(SETTLED[tugas.kind]).where(Tugas.tugas_id == tugas.tugas_id)))
