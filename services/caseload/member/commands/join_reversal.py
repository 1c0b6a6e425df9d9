"""Undo of a move into another family that was recorded in error (docs/case-lifecycle.md#two-families-become-one)."""

from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.family.models import EndReason, Komponen, Kpm, KpmAnggota, KpmHistory, Relation
from services.caseload.member.commands.ends import MemberEnd
from services.caseload.member.commands.joins import leave_family
from services.caseload.member.errors import MemberNotLeft
from services.caseload.tables import Source
from shared import clock
from shared.access import Actor
from shared.contracts.kinds import KomponenKind


async def undo_join(
    session: AsyncSession, actor: Actor, kpm: Kpm, host: Kpm, member: KpmAnggota
) -> dict[str, Any]:
    """Move a person back to the family that was left for another.

    Komponen and business stay as they are now, also those recorded since. If nobody remains in the other family, it ends. Return
    what changed, and what ended when the person left.

    Raises:
        MemberNotLeft: the last move of the person is not the one into that family.
        PengurusStays
    """
    left = await read_last_act(session, kpm.kpm_id, member.anggota_id, "LEFT")
    joined = await read_last_act(session, host.kpm_id, member.anggota_id, "JOINED")
    if joined.get("joined_from") != str(kpm.kpm_id) or left.get("joined") != str(host.kpm_id):
        raise MemberNotLeft
    end = MemberEnd(member.anggota_id, EndReason.LAINNYA, member.joined_on)
    ended = await leave_family(session, actor, host, member, kpm, end, None)
    member.kpm_id, member.joined_on = kpm.kpm_id, date.fromisoformat(left["left_on"])
    member.left_on = member.end_reason = None
    member.relation, member.married = Relation(left["relation"]), left["married"]
    member.as_of, member.source = await clock.today(session), Source.HTTP
    await restore_all_komponen(session, member, left["komponen"], ended.komponen)
    return {"left_on": left["left_on"], "joined": str(host.kpm_id), "ended": left}


async def read_last_act(session: AsyncSession, kpm_id: UUID, anggota_id: UUID, act: str) -> dict[str, Any]:
    """Return the detail of the last act of a kind on a member."""
    statement = sa.select(KpmHistory.detail).where(
        KpmHistory.kpm_id == kpm_id, KpmHistory.subject_id == anggota_id, KpmHistory.act == act
    )
    return await session.scalar(statement.order_by(KpmHistory.history_id.desc()).limit(1)) or {}


async def restore_all_komponen(
    session: AsyncSession, member: KpmAnggota, before: list[dict[str, Any]], current: list[dict[str, Any]]
) -> None:
    """Restore the first days of the person's komponen before the move."""
    moved = {(one["kind"], max(one["valid_from"], str(member.joined_on))): one for one in before}
    for one in current:
        former = moved.get((one["kind"], one["valid_from"]), one)
        await restore_komponen(session, member, former | {"valid_to": one["valid_to"]})


async def restore_komponen(session: AsyncSession, member: KpmAnggota, snapshot: dict[str, Any]) -> None:
    """Restore a komponen from its snapshot. One that was deleted is inserted again."""
    until = date.fromisoformat(snapshot["valid_to"]) if snapshot["valid_to"] else None
    valid = Range(date.fromisoformat(snapshot["valid_from"]), until)
    komponen = await session.get(Komponen, UUID(snapshot["komponen_id"]), with_for_update={"key_share": True})
    if komponen is not None:
        komponen.valid, komponen.version = valid, komponen.version + 1
        komponen.as_of, komponen.source = member.as_of, Source.HTTP
        return
    owner = {"kpm_id": member.kpm_id, "anggota_id": member.anggota_id, "kind": KomponenKind(snapshot["kind"])}
    session.add(
        Komponen(
            komponen_id=UUID(snapshot["komponen_id"]), valid=valid, version=1, as_of=member.as_of, **owner
        )
    )
