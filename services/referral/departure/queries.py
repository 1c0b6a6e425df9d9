"""Members who died or left their family, and families whose replica is behind the reaction."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.departure.models import FormerMember
from services.referral.replicas.models import Kpm
from shared.messaging.positions import find_behind


async def find_families_behind(session: AsyncSession, kpm_ids: Collection[UUID]) -> set[UUID]:
    """Return the families of which the replica lacks events that the reaction has applied.

    Nothing is decided on their facts: the reaction would not undo it.
    """
    return await find_behind(session, "pilar.caseload", kpm_ids, replica="kpm", reaction="moves")


async def is_replica_behind(session: AsyncSession, kpm_id: UUID) -> bool:
    """Return whether the replica lacks events of a family that the reaction has applied."""
    return bool(await find_families_behind(session, [kpm_id]))


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
