"""Family-capacity sessions as they are read: a pendamping's own, officials' by area through row security."""

from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.models import P2k2Kehadiran, P2k2Materi, P2k2Modul, P2k2Sesi
from shared import clock
from shared.access import Actor, Scope
from shared.errors import NotFound

NAMES = (
    *("p2k2_sesi_id", "penugasan_id", "pendamping_id", "kode_wilayah", "held_on", "module", "session"),
    *("kelompok", "invited", "attended"),
)


def list_p2k2(actor: Actor, pendamping_id: UUID | None) -> sa.Select[*tuple[Any, ...]]:
    """Select sessions by `p2k2_sesi_id`, which grows with time."""
    statement = sa.select(*(getattr(P2k2Sesi, name) for name in NAMES))
    if actor.scope is Scope.OWN_FAMILIES:
        statement = statement.where(P2k2Sesi.pendamping_id == actor.pendamping_id)
    return statement if pendamping_id is None else statement.where(P2k2Sesi.pendamping_id == pendamping_id)


async def read_p2k2(session: AsyncSession, actor: Actor, p2k2_sesi_id: UUID) -> dict[str, Any]:
    """Return one session with its attendance; a family that is out of the caller's area is left out.

    Raises:
        NotFound: there is none, or it is not the caller's to read.
    """
    wanted = list_p2k2(actor, None).where(P2k2Sesi.p2k2_sesi_id == p2k2_sesi_id)
    row = (await session.execute(wanted)).mappings().one_or_none()
    if row is None:
        raise NotFound("p2k2")
    answers = sa.select(P2k2Kehadiran.kpm_id, P2k2Kehadiran.presence).where(
        P2k2Kehadiran.p2k2_sesi_id == p2k2_sesi_id
    )
    found = await session.execute(answers.order_by(P2k2Kehadiran.kpm_id))
    return {**row, "attendance": found.mappings().all()}


async def materi_on(session: AsyncSession, on: date | None) -> dict[str, Any]:
    """Return the modules and sessions in force on a day, today without one."""
    day = on or await clock.today(session)
    modules = sa.select(P2k2Modul.module, P2k2Modul.name).where(P2k2Modul.valid.contains(day))
    sessions = sa.select(P2k2Materi.module, P2k2Materi.session, P2k2Materi.name).where(
        P2k2Materi.valid.contains(day)
    )
    of: dict[int, list[dict[str, Any]]] = {}
    for row in await session.execute(sessions.order_by(P2k2Materi.module, P2k2Materi.session)):
        of.setdefault(row.module, []).append({"session": row.session, "name": row.name})
    named = await session.execute(modules.order_by(P2k2Modul.module))
    items = [{"module": row.module, "name": row.name, "sessions": of.get(row.module, [])} for row in named]
    return {"on": day, "modules": items}
