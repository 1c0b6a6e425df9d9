"""Steps that end each change of a family: version, facts, event and history."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.family.errors import MemberUnknown
from services.caseload.family.models import AnggotaHistory, Desil, Komponen, Kpm, KpmAnggota
from services.caseload.family.queries import read_ages
from services.caseload.family.rules import facts_of, is_minor, next_change_day
from services.caseload.history import append_history
from services.caseload.visibility import lock_family
from shared import clock
from shared.access import Actor
from shared.contracts.caseload import KpmUpdated
from shared.contracts.kinds import FamilyEndReason
from shared.errors import VersionOutdated
from shared.messaging import emit

Subject = tuple[str, UUID]


async def change_family(
    session: AsyncSession, kpm: Kpm, actor: Actor, subject: Subject, act: str, why: str | None, **detail: Any
) -> UUID:
    """Increment the family's version, append to its history, and emit its facts if they changed.

    `subject` is the noun and the id of what was changed. `act` is the code of the act. Return the id of the act.
    """
    await session.flush()
    kpm.version += 1
    published = kpm.facts
    (facts,) = await recompute_facts(session, [kpm])
    if facts != published:
        emit(session, KpmUpdated.model_validate(facts))
    return await append_history(session, kpm.kpm_id, *subject, act, actor=actor, why=why, **detail)


async def recompute_facts(session: AsyncSession, families: Sequence[Kpm]) -> list[dict[str, Any]]:
    """Recompute the facts of families from their rows, store them and return them."""
    today, kpm_ids = await clock.today(session), [kpm.kpm_id for kpm in families]
    ages, members = await read_ages(session, today), await read_members(session, kpm_ids, today)
    ranks, ends = await read_desil_ranks(session, kpm_ids), await read_last_komponen_ends(session, kpm_ids)
    former = await read_former_members(session, kpm_ids)
    for kpm in families:
        kpm.facts_until, staged = None, members[kpm.kpm_id]
        if not staged and kpm.ended_on is None:
            continue
        facts = facts_of(
            kpm.kpm_id, kpm.kode_wilayah, staged, ranks[kpm.kpm_id], ages, today, ends.get(kpm.kpm_id)
        )
        kpm.facts = facts | {
            **{name: kpm.facts.get(name, 0) for name in ("p2k2_invited", "p2k2_attended")},
            "member_ids": [member["id"] for member in staged],
            "minor_ids": sorted(member["id"] for member in staged if is_minor(member, ages, today)),
            "former_members": merge_former_members(kpm.facts, former[kpm.kpm_id], staged),
            "ended_on": kpm.ended_on and kpm.ended_on.isoformat(),
            "end_reason": kpm.end_reason and kpm.end_reason.value,
        }
        kpm.facts_until = next_change_day(staged, ages, today)
    return [kpm.facts for kpm in families]


def merge_former_members(
    published: Mapping[str, Any], left: Iterable[str], members: Iterable[Mapping[str, Any]]
) -> list[str]:
    """Return the ids of people who have left a family for good.

    `published` has those whose first and last day in the family were the same.
    """
    current = {member["id"] for member in members}
    return sorted({*published.get("former_members", ()), *left} - current)


async def read_former_members(session: AsyncSession, kpm_ids: Sequence[UUID]) -> dict[UUID, list[str]]:
    """Return the ids of people who have died or left each family."""
    left = sa.select(KpmAnggota.kpm_id, KpmAnggota.anggota_id).where(
        KpmAnggota.kpm_id.in_(kpm_ids), KpmAnggota.left_on.is_not(None)
    )
    past = sa.select(AnggotaHistory.kpm_id, AnggotaHistory.anggota_id).where(
        AnggotaHistory.kpm_id.in_(kpm_ids)
    )
    former: dict[UUID, list[str]] = defaultdict(list)
    for kpm_id, anggota_id in await session.execute(left.union(past)):
        former[kpm_id].append(str(anggota_id))
    return former


async def read_members(
    session: AsyncSession, kpm_ids: Sequence[UUID], today: date
) -> dict[UUID, list[dict[str, Any]]]:
    """Return each family's current members with komponen, in the form of staged rows."""
    komponen = await read_komponen_by_member(session, kpm_ids, today)
    statement = sa.select(KpmAnggota).where(KpmAnggota.kpm_id.in_(kpm_ids), KpmAnggota.left_on.is_(None))
    members: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
    for row in await session.scalars(statement.order_by(KpmAnggota.anggota_id)):
        member = {"id": str(row.anggota_id), "pengurus": row.pengurus, "birth": row.birth_on.isoformat()}
        member |= {"sex": row.sex.value}
        members[row.kpm_id].append(member | {"married": row.married, "komponen": komponen[row.anggota_id]})
    return members


async def read_komponen_by_member(
    session: AsyncSession, kpm_ids: Sequence[UUID], today: date
) -> dict[UUID, list[tuple[str, str | None]]]:
    """Return kind and end of each member's komponen that have not ended by today."""
    statement = sa.select(Komponen.anggota_id, Komponen.kind, Komponen.valid_to).where(
        Komponen.kpm_id.in_(kpm_ids), sa.func.coalesce(Komponen.valid_to > today, sa.true())
    )
    komponen: dict[UUID, list[tuple[str, str | None]]] = defaultdict(list)
    for anggota_id, kind, end in await session.execute(statement):
        komponen[anggota_id].append((kind.value, end and end.isoformat()))
    return komponen


async def read_desil_ranks(
    session: AsyncSession, kpm_ids: Sequence[UUID]
) -> dict[UUID, list[tuple[str, str, int]]]:
    """Return [scope, snapshot, value] of each desil of each family."""
    statement = sa.select(Desil.kpm_id, Desil.scope, Desil.snapshot, Desil.value)
    ranks: dict[UUID, list[tuple[str, str, int]]] = defaultdict(list)
    for kpm_id, scope, snapshot, value in await session.execute(statement.where(Desil.kpm_id.in_(kpm_ids))):
        if value is not None:
            ranks[kpm_id].append((scope.value, snapshot, value))
    return ranks


async def read_last_komponen_ends(session: AsyncSession, kpm_ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return the last past or future end of each family's komponen, also of former members."""
    last = sa.func.max(Komponen.valid_to)
    statement = sa.select(Komponen.kpm_id, last).where(
        Komponen.kpm_id.in_(kpm_ids), Komponen.cancelled_from.is_(None)
    )
    statement = statement.group_by(Komponen.kpm_id)
    return {kpm_id: end.isoformat() for kpm_id, end in await session.execute(statement) if end is not None}


async def lock_family_version(
    session: AsyncSession,
    actor: Actor,
    kpm_id: UUID,
    version: int,
    *,
    ended: Collection[FamilyEndReason] = (),
) -> Kpm:
    """Lock a family that the actor may change and that still has the given version.

    Raises:
        NotFound, PendampingInactive, FamilyHasEnded, VersionOutdated.
    """
    kpm = (await lock_family(session, actor, kpm_id, ended=ended)).kpm
    if kpm.version != version:
        raise VersionOutdated("/header/If-Match")
    return kpm


async def lock_member(
    session: AsyncSession, kpm_id: UUID, anggota_id: UUID, pointer: str = "/body/anggota_id"
) -> KpmAnggota:
    """Lock and return a current member of the family, or raise MemberUnknown."""
    member = await session.get(KpmAnggota, anggota_id, with_for_update={"key_share": True})
    if member is None or member.kpm_id != kpm_id or member.left_on is not None:
        raise MemberUnknown(pointer)
    return member
