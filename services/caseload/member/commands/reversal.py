"""Undo of a member's end that was recorded in error, also of a death."""

from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.business.commands import reopen_usaha
from services.caseload.dampingan.commands.assignment import continue_dampingan
from services.caseload.dampingan.commands.gap import open_gap_if_unaccompanied
from services.caseload.dampingan.models import Dampingan
from services.caseload.exit_proposal.commands import withdraw_after_reversal
from services.caseload.family.commands.changes import change_family, lock_family_version
from services.caseload.family.models import Komponen, Kpm, KpmAnggota, KpmHistory
from services.caseload.identity.commands import seal_unsent
from services.caseload.member.commands.family_end import read_family_end
from services.caseload.member.errors import MemberNotLeft
from services.caseload.membership.models import Kepesertaan
from services.caseload.tables import Source
from services.caseload.task.commands import finish_open_tugas
from services.caseload.task.models import TugasKind
from shared import clock
from shared.access import Actor
from shared.contracts.kinds import Bansos, FamilyEndReason, KomponenKind


async def restore_anggota(
    session: AsyncSession, actor: Actor, kpm_id: UUID, anggota_id: UUID, *, reason: str, version: int
) -> KpmAnggota:
    """Undo an end that was recorded in error, also a death.

    What ended with it is restored: komponen, business, and after the death of the only member the family, its dampingan
    and the open proposals to end its memberships. The person is the pengurus again unless another was named since.

    Raises:
        NotFound, PendampingInactive, FamilyHasEnded, VersionOutdated, MemberNotLeft.
    """
    kpm = await lock_family_version(session, actor, kpm_id, version, ended=(FamilyEndReason.MENINGGAL,))
    member = await session.get(KpmAnggota, anggota_id, with_for_update={"key_share": True})
    if member is None or member.kpm_id != kpm_id or member.left_on is None or member.end_reason is None:
        raise MemberNotLeft
    before = {"left_on": str(member.left_on), "end_reason": member.end_reason.value}
    ended = await read_ended(session, member)
    family_end = await read_family_end(session, kpm_id) if kpm.ended_on is not None else None
    member.left_on = member.end_reason = None
    member.as_of, member.source = await clock.today(session), Source.HTTP
    kpm.ended_on = kpm.end_reason = kpm.end_recorded_on = None
    for komponen in ended.get("komponen", ()):
        await restore_komponen(session, member, komponen)
    if usaha_id := ended.get("usaha_id"):
        await reopen_usaha(session, actor, kpm, member, UUID(usaha_id))
    if ended.get("pengurus") and not await has_pengurus(session, kpm_id):
        member.pengurus = True
        await finish_open_tugas(session, actor, TugasKind.GANTI_PENGURUS, kpm_id)
    await change_family(session, kpm, actor, ("anggota", anggota_id), "TAKEN_BACK", reason, **before)
    if family_end is not None:
        await withdraw_after_reversal(session, family_end.history_id, reason=reason)
        await restore_dampingan(session, actor, kpm, [UUID(id_) for id_ in family_end.detail["dampingan"]])
    await seal_unsent(session, [kpm_id])
    return member


async def restore_dampingan(session: AsyncSession, actor: Actor, kpm: Kpm, dampingan_ids: list[UUID]) -> None:
    """Start the dampingan again that the end of the family ended.

    A family in PKH that nobody can accompany gets a gap.
    """
    statement = sa.select(Dampingan).where(Dampingan.dampingan_id.in_(dampingan_ids))
    for row in (await session.scalars(statement)).all():
        first = max(await clock.today(session), row.valid_to or date.min)
        await continue_dampingan(session, actor, kpm, [row], first, why="TAKEN_BACK")
    member = sa.exists().where(
        Kepesertaan.kpm_id == kpm.kpm_id,
        Kepesertaan.bansos == Bansos.PKH,
        Kepesertaan.valid.contains(await clock.today(session)),
    )
    if await session.scalar(sa.select(member)):
        await open_gap_if_unaccompanied(session, kpm.kpm_id)


async def read_ended(session: AsyncSession, member: KpmAnggota) -> dict[str, Any]:
    """Return what ended when the member left, from the history."""
    statement = sa.select(KpmHistory.detail).where(
        KpmHistory.kpm_id == member.kpm_id,
        KpmHistory.subject_id == member.anggota_id,
        KpmHistory.act == "LEFT",
    )
    detail = await session.scalar(statement.order_by(KpmHistory.history_id.desc()).limit(1))
    return detail if detail and detail.get("left_on") == str(member.left_on) else {}


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


async def has_pengurus(session: AsyncSession, kpm_id: UUID) -> bool:
    pengurus = sa.exists().where(
        KpmAnggota.kpm_id == kpm_id, KpmAnggota.pengurus, KpmAnggota.left_on.is_(None)
    )
    return bool(await session.scalar(sa.select(pengurus)))
