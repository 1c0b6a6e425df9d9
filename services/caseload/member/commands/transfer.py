"""Move of members to another family, with their komponen and businesses."""

from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.business.commands.usaha import (
    store_anggota_history,
    store_usaha_history,
    to_usaha_event,
)
from services.caseload.business.models import Usaha
from services.caseload.family.models import Komponen, Kpm, KpmAnggota
from services.caseload.member.commands.ends import EndedMember
from shared.contracts.kinds import KomponenKind
from shared.database import raw, uuid7
from shared.messaging import emit


async def move_member(session: AsyncSession, member: KpmAnggota, ended: EndedMember, kpm_id: UUID) -> None:
    """Move a member who has left to another family, with the ended komponen."""
    # Fast path: the database copies the member's period.
    await store_anggota_history(await raw(session), [member.anggota_id])
    member.kpm_id, member.joined_on, member.left_on, member.end_reason = kpm_id, ended.left_on, None, None
    owner: dict[str, Any] = {"kpm_id": kpm_id, "anggota_id": member.anggota_id}
    for snapshot in ended.komponen:
        first = max(date.fromisoformat(snapshot["valid_from"]), ended.left_on)
        until = date.fromisoformat(snapshot["valid_to"]) if snapshot["valid_to"] else None
        if until is None or until > first:
            kind, valid = KomponenKind(snapshot["kind"]), Range(first, until)
            session.add(
                Komponen(komponen_id=uuid7(), kind=kind, valid=valid, version=1, as_of=member.as_of, **owner)
            )
    await session.flush()


async def move_usaha(session: AsyncSession, member: KpmAnggota, kpm: Kpm) -> None:
    """Move a member's business to the member's new family, and emit it."""
    running = sa.select(Usaha).where(Usaha.anggota_id == member.anggota_id, Usaha.ended_on.is_(None))
    usaha = await session.scalar(running.with_for_update(key_share=True))
    if usaha is not None:
        # Fast path: the database copies the previous version.
        await store_usaha_history(await raw(session), [usaha.usaha_id])
        usaha.kpm_id, usaha.version = kpm.kpm_id, usaha.version + 1
        emit(session, to_usaha_event(usaha, member, kpm.kode_wilayah))
