"""Queries for former members, areas and business versions of a family."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.business.models import Usaha, UsahaHistory, UsahaRevised
from services.caseload.family.models import AnggotaHistory, KpmAnggota
from services.caseload.relocation.models import WilayahHistory
from services.caseload.tables import columns_of
from services.caseload.visibility import require_visible
from shared.access import Actor
from shared.database import vault_of

MEMBER_FIELDS = ("anggota_id", "relation", "end_reason")


async def read_past(session: AsyncSession, actor: Actor, kpm_id: UUID) -> dict[str, Any]:
    """Return the former members and areas of a family.

    Raises:
        NotFound: the family does not exist, or the actor may not read it.
    """
    await require_visible(session, actor, kpm_id)
    left = sa.select(KpmAnggota).where(KpmAnggota.kpm_id == kpm_id, KpmAnggota.left_on.is_not(None))
    past = sa.select(AnggotaHistory).where(AnggotaHistory.kpm_id == kpm_id)
    members = [
        {name: getattr(row, name) for name in MEMBER_FIELDS}
        | {"valid_from": row.joined_on, "valid_to": row.left_on}
        for row in await session.scalars(left)
    ]
    members += [
        {name: getattr(row, name) for name in (*MEMBER_FIELDS, "valid_from", "valid_to")}
        for row in await session.scalars(past)
    ]
    members.sort(key=lambda row: (row["valid_from"], row["anggota_id"]))
    return {"kpm_id": kpm_id, "members": members, "areas": await read_former_areas(session, kpm_id)}


async def read_former_areas(session: AsyncSession, kpm_id: UUID) -> list[dict[str, Any]]:
    """Return the family's former areas, oldest first."""
    statement = sa.select(WilayahHistory).where(
        WilayahHistory.kpm_id == kpm_id, WilayahHistory.voided_on.is_(None)
    )
    vault = vault_of(session)
    return [
        {
            "kode_wilayah": row.kode_wilayah,
            "address": row.address_sealed
            and vault.open(
                row.address_sealed, table="wilayah_history", column="address", row_id=row.wilayah_history_id
            ),
            "valid_from": row.valid_from,
            "valid_to": row.valid_to,
        }
        for row in await session.scalars(statement.order_by(WilayahHistory.valid_from))
    ]


async def read_usaha(session: AsyncSession, actor: Actor, kpm_id: UUID) -> list[dict[str, Any]]:
    """Return all versions of the family's businesses, the current version of each last.

    Raises:
        NotFound: the family does not exist, or the actor may not read it.
    """
    await require_visible(session, actor, kpm_id)
    has_nib, current = Usaha.nib_sealed.is_not(None), sa.literal(value=True)
    now = sa.select(
        *(*columns_of(Usaha, UsahaRevised), Usaha.recorded_at),
        *(has_nib.label("has_nib"), current.label("current")),
    )
    past = sa.select(
        *(*columns_of(UsahaHistory, UsahaRevised), UsahaHistory.recorded_at),
        *(UsahaHistory.has_nib, sa.literal(value=False)),
    )
    both = now.where(Usaha.kpm_id == kpm_id).union_all(past.where(UsahaHistory.kpm_id == kpm_id))
    rows = await session.execute(both.order_by("usaha_id", "version"))
    return [dict(row) for row in rows.mappings()]
