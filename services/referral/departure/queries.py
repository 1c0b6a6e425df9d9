"""Members who died or left their family."""

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.departure.models import FormerMember
from services.referral.replicas.models import Kpm


async def is_replica_behind(session: AsyncSession, kpm_id: UUID) -> bool:
    """Return whether replica and reaction differ in who left a family."""
    replicated = await session.scalar(sa.select(Kpm.former_members).where(Kpm.kpm_id == kpm_id))
    noted = await session.scalars(sa.select(FormerMember.anggota_id).where(FormerMember.kpm_id == kpm_id))
    return replicated is None or set(replicated) != set(noted)


async def read_former_members(session: AsyncSession, kpm_ids: Sequence[UUID]) -> dict[UUID, set[UUID]]:
    """Return the former members of families that the replica or the reaction has.

    Both read the same events at their own pace. A person has left as soon as one of them has the event.
    """
    replicated = sa.select(Kpm.kpm_id, sa.func.unnest(Kpm.former_members)).where(Kpm.kpm_id.in_(kpm_ids))
    noted = sa.select(FormerMember.kpm_id, FormerMember.anggota_id).where(FormerMember.kpm_id.in_(kpm_ids))
    former: dict[UUID, set[UUID]] = defaultdict(set)
    for kpm_id, anggota_id in await session.execute(replicated.union(noted)):
        former[kpm_id].add(anggota_id)
    return former
