"""What every change of a family ends with: its facts worked out anew, told once where they differ, and its history."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.commands.facts import ages_on, facts_of
from services.caseload.commands.history import remember
from services.caseload.models import Desil, Komponen, Kpm, KpmAnggota
from shared import clock
from shared.access import Actor
from shared.contracts.caseload import KpmUpdated
from shared.messaging import emit

Subject = tuple[str, UUID]


async def change_family(
    session: AsyncSession, kpm: Kpm, actor: Actor, subject: Subject, act: str, why: str | None, **detail: Any
) -> None:
    """Count the family's version up, add to its history, and tell its facts where they have changed."""
    await session.flush()
    kpm.version += 1
    kpm.changed_at = datetime.now(UTC)
    facts = await facts_now(session, kpm)
    if facts != kpm.facts:
        kpm.facts = facts
        emit(session, KpmUpdated.model_validate(facts))
    await remember(session, kpm.kpm_id, *subject, act, who=actor.person, why=why, **detail)


async def facts_now(session: AsyncSession, kpm: Kpm) -> dict[str, Any]:
    """Return what others may know of a family, from its rows as they stand today."""
    today, kpm_id = await clock.today(session), kpm.kpm_id
    held = await komponen_by_member(session, kpm_id)
    living = sa.select(KpmAnggota).where(KpmAnggota.kpm_id == kpm_id, KpmAnggota.left_on.is_(None))
    members = [
        {
            "kode": kpm.kode_wilayah,
            "pengurus": one.pengurus,
            "birth": one.birth_on.isoformat(),
            "sex": one.sex.value,
            "married": one.married,
            "komponen": [(kind, end) for kind, end in held.pop(one.anggota_id, ()) if going_on(end, today)],
        }
        for one in await session.scalars(living.order_by(KpmAnggota.anggota_id))
    ]
    ranks = await session.execute(
        sa.select(Desil.scope, Desil.snapshot, Desil.value).where(Desil.kpm_id == kpm_id)
    )
    desil = [(scope.value, snapshot, value) for scope, snapshot, value in ranks]
    past = await last_end(session, kpm_id)
    ages = await ages_on(session, today)
    kept = {name: kpm.facts.get(name, 0) for name in ("p2k2_invited", "p2k2_attended")}
    return facts_of(kpm_id, members, desil, ages, today, past) | kept


def going_on(end: str | None, today: object) -> bool:
    """Whether something that ends on a day, or never, goes on today."""
    return end is None or end > str(today)


async def komponen_by_member(session: AsyncSession, kpm_id: UUID) -> dict[UUID, list[tuple[str, str | None]]]:
    """Return kind and end of the komponen of each member, ended ones too."""
    wanted = sa.select(Komponen.anggota_id, Komponen.kind, sa.func.upper(Komponen.valid))
    held: dict[UUID, list[tuple[str, str | None]]] = {}
    for anggota_id, kind, end in await session.execute(wanted.where(Komponen.kpm_id == kpm_id)):
        held.setdefault(anggota_id, []).append((kind.value, end and end.isoformat()))
    return held


async def last_end(session: AsyncSession, kpm_id: UUID) -> str | None:
    """Return the last day that a komponen of the family ended or will, whosever it was."""
    ends = sa.select(sa.func.max(sa.func.upper(Komponen.valid))).where(Komponen.kpm_id == kpm_id)
    found = await session.scalar(ends)
    return found and found.isoformat()
