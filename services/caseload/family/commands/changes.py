"""What every change of a family ends with: its facts worked out anew, told once where they differ, and its history."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.family.errors import MemberUnknown
from services.caseload.family.models import Desil, Komponen, Kpm, KpmAnggota
from services.caseload.family.queries import ages_on
from services.caseload.family.rules import changes_on, facts_of
from services.caseload.history import remember
from services.caseload.visibility import family_in_hand
from shared import clock
from shared.access import Actor
from shared.contracts.caseload import KpmUpdated
from shared.errors import LostRace
from shared.messaging import emit

Subject = tuple[str, UUID]


async def change_family(
    session: AsyncSession, kpm: Kpm, actor: Actor, subject: Subject, act: str, why: str | None, **detail: Any
) -> None:
    """Count the family's version up, add to its history, and tell its facts where they have changed."""
    await session.flush()
    kpm.version += 1
    kpm.changed_at = datetime.now(UTC)
    told = kpm.facts
    (facts,) = await facts_now(session, [kpm])
    if facts != told:
        emit(session, KpmUpdated.model_validate(facts))
    await remember(session, kpm.kpm_id, *subject, act, who=actor.person, why=why, **detail)


async def facts_now(session: AsyncSession, families: Sequence[Kpm]) -> list[dict[str, Any]]:
    """Work out anew what others may know of families, as their rows stand today, and keep it; three queries for all."""
    today, kpm_ids = await clock.today(session), [kpm.kpm_id for kpm in families]
    ages, members = await ages_on(session, today), await members_of(session, kpm_ids, today)
    ranks, ends = await desil_of(session, kpm_ids), await last_ends(session, kpm_ids)
    for kpm in families:
        kpm.facts_until = None
        if kpm.kpm_id not in members:
            continue
        mine = [one | {"kode": kpm.kode_wilayah} for one in members[kpm.kpm_id]]
        kept = {name: kpm.facts.get(name, 0) for name in ("p2k2_invited", "p2k2_attended")}
        facts = facts_of(kpm.kpm_id, mine, ranks[kpm.kpm_id], ages, today, ends.get(kpm.kpm_id))
        kpm.facts, kpm.facts_until = facts | kept, changes_on(mine, ages, today)
    return [kpm.facts for kpm in families]


async def members_of(
    session: AsyncSession, kpm_ids: Sequence[UUID], today: date
) -> dict[UUID, list[dict[str, Any]]]:
    """Return who belongs to each family, with the komponen that go on, as an intake stages them."""
    held = await komponen_by_member(session, kpm_ids, today)
    living = sa.select(KpmAnggota).where(KpmAnggota.kpm_id.in_(kpm_ids), KpmAnggota.left_on.is_(None))
    found: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
    for one in await session.scalars(living.order_by(KpmAnggota.anggota_id)):
        said = {"pengurus": one.pengurus, "birth": one.birth_on.isoformat(), "sex": one.sex.value}
        found[one.kpm_id].append(said | {"married": one.married, "komponen": held[one.anggota_id]})
    return found


async def komponen_by_member(
    session: AsyncSession, kpm_ids: Sequence[UUID], today: date
) -> dict[UUID, list[tuple[str, str | None]]]:
    """Return kind and end of the komponen of each member that have not ended by today."""
    wanted = sa.select(Komponen.anggota_id, Komponen.kind, Komponen.valid_to).where(
        Komponen.kpm_id.in_(kpm_ids), sa.func.coalesce(Komponen.valid_to > today, sa.true())
    )
    held: dict[UUID, list[tuple[str, str | None]]] = defaultdict(list)
    for anggota_id, kind, end in await session.execute(wanted):
        held[anggota_id].append((kind.value, end and end.isoformat()))
    return held


async def desil_of(session: AsyncSession, kpm_ids: Sequence[UUID]) -> dict[UUID, list[tuple[str, str, int]]]:
    """Return how each snapshot ranked each family, as [scope, snapshot, value]."""
    wanted = sa.select(Desil.kpm_id, Desil.scope, Desil.snapshot, Desil.value)
    found: dict[UUID, list[tuple[str, str, int]]] = defaultdict(list)
    for kpm_id, scope, snapshot, value in await session.execute(wanted.where(Desil.kpm_id.in_(kpm_ids))):
        found[kpm_id].append((scope.value, snapshot, value))
    return found


async def last_ends(session: AsyncSession, kpm_ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return the last day that a komponen of each family ended or will, whosever it was."""
    last = sa.func.max(Komponen.valid_to)
    wanted = sa.select(Komponen.kpm_id, last).where(Komponen.kpm_id.in_(kpm_ids)).group_by(Komponen.kpm_id)
    return {kpm_id: end.isoformat() for kpm_id, end in await session.execute(wanted) if end is not None}


async def edited_family(session: AsyncSession, actor: Actor, kpm_id: UUID, version: int) -> Kpm:
    """Return the family, locked, as the caller read it.

    Raises:
        NotFound, PendampingInactive, LostRace.
    """
    kpm = (await family_in_hand(session, actor, kpm_id)).kpm
    if kpm.version != version:
        raise LostRace("/header/If-Match")
    return kpm


async def member_of(
    session: AsyncSession, kpm_id: UUID, anggota_id: UUID, pointer: str = "/body/anggota_id"
) -> KpmAnggota:
    """Return a member of the family as it is now; raise MemberUnknown."""
    member = await session.get(KpmAnggota, anggota_id, with_for_update={"key_share": True})
    if member is None or member.kpm_id != kpm_id or member.left_on is not None:
        raise MemberUnknown(pointer)
    return member
