"""Query for one family with its memberships, tahap, visits and tasks."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.activity.models import Kunjungan
from services.caseload.activity.queries import list_kunjungan
from services.caseload.membership.queries import list_memberships
from services.caseload.overview.queries.family import read_family
from services.caseload.overview.queries.tahap import payable_by_bansos
from services.caseload.task.models import Tugas
from services.caseload.task.queries import list_tugas, to_item
from shared.access import Actor, Permission
from shared.database import vault_of

LAST_VISITS, MOST_TASKS = 5, 50


async def read_overview(session: AsyncSession, actor: Actor, kpm_id: UUID) -> dict[str, Any]:
    """Return a family with its parts.

    A part that the actor may not read is empty, and `Route` leaves it out.

    Raises:
        NotFound: it does not exist, or the actor may not read it.
    """
    kpm = await read_family(session, actor, kpm_id)
    memberships = await list_memberships(session, actor, kpm_id)
    tahap: list[dict[str, Any]] = []
    if actor.may(Permission.TAHAP_READ):
        tahap = [*(await payable_by_bansos(session, kpm_id, memberships, None)).values()]
    return {
        "kpm_id": kpm_id,
        "kpm": kpm,
        "kepesertaan": memberships,
        "payable_tahap": tahap,
        "kunjungan": await _read_visits(session, actor, kpm_id),
        "tugas": await _read_tasks(session, actor, kpm_id),
    }


async def _read_visits(session: AsyncSession, actor: Actor, kpm_id: UUID) -> list[dict[str, Any]]:
    if not actor.may(Permission.KUNJUNGAN_READ):
        return []
    statement = await list_kunjungan(session, actor.under(Permission.KUNJUNGAN_READ), None, kpm_id)
    rows = await session.execute(statement.order_by(Kunjungan.kunjungan_id.desc()).limit(LAST_VISITS))
    return [dict(row) for row in rows.mappings()]


async def _read_tasks(session: AsyncSession, actor: Actor, kpm_id: UUID) -> list[dict[str, Any]]:
    if not actor.may(Permission.TUGAS_READ):
        return []
    reader = actor.under(Permission.TUGAS_READ)
    statement = await list_tugas(session, reader, open_only=True, kpm_id=kpm_id)
    rows = await session.execute(statement.order_by(Tugas.due_on, Tugas.tugas_id).limit(MOST_TASKS))
    return [to_item(vault_of(session), reader, dict(row)) for row in rows.mappings()]
