"""Undo of a member's end that was recorded in error."""

from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.approval.models import ApprovalRequest
from services.caseload.business.commands.usaha import reopen_usaha
from services.caseload.dampingan.commands.assignment import continue_dampingan
from services.caseload.dampingan.commands.gap import open_gap_if_unaccompanied
from services.caseload.dampingan.models import Dampingan
from services.caseload.exit_proposal.commands import withdraw_after_reversal
from services.caseload.family.commands.changes import change_family
from services.caseload.family.commands.evidence import use_for
from services.caseload.family.models import EndReason, Kpm, KpmAnggota
from services.caseload.family.queries import read_current_family
from services.caseload.identity.commands import seal_consented
from services.caseload.member.commands.family_end import read_family_end
from services.caseload.member.commands.join_reversal import read_last_act, restore_komponen, undo_join
from services.caseload.member.commands.transfer import move_usaha
from services.caseload.member.errors import MemberNotLeft, RecordedDead
from services.caseload.member.models import DeathReversalTerms, ReturnTerms
from services.caseload.membership.commands.pending_decisions import drop_decisions_after_reversal
from services.caseload.membership.commands.void import has_membership
from services.caseload.membership.models import Kepesertaan
from services.caseload.tables import Source
from services.caseload.task.commands import finish_open_tugas, open_tugas
from services.caseload.task.models import TugasKind
from services.caseload.visibility import lock_families, lock_family
from shared import clock
from shared.access import Actor
from shared.contracts.kinds import Bansos, FamilyEndReason
from shared.errors import VersionOutdated
from shared.evidence import EvidenceKind, require_evidence


async def is_recorded_dead(session: AsyncSession, kpm_id: UUID, anggota_id: UUID, version: int) -> bool:
    """Return whether a person is recorded dead in the family.

    `version` is the one of the family that the caller has read.

    Raises:
        VersionOutdated
    """
    member = await session.get(KpmAnggota, anggota_id)
    if member is None or member.kpm_id != kpm_id or member.end_reason is not EndReason.MENINGGAL:
        return False
    if (await session.get_one(Kpm, kpm_id)).version != version:
        raise VersionOutdated("/header/If-Match")
    return True


async def require_dead(
    session: AsyncSession, actor: Actor, anggota_id: UUID, terms: DeathReversalTerms
) -> str:
    """Return the area of the family of somebody who is recorded dead.

    Raises:
        NotFound, MemberNotLeft
    """
    kpm = (await lock_family(session, actor, terms.kpm_id, ended=FamilyEndReason.known())).kpm
    member = await session.get(KpmAnggota, anggota_id, populate_existing=True)
    if member is None or member.kpm_id != terms.kpm_id or member.end_reason is not EndReason.MENINGGAL:
        raise MemberNotLeft
    return kpm.kode_wilayah


async def reverse_death(
    session: AsyncSession, actor: Actor, request: ApprovalRequest, terms: DeathReversalTerms
) -> KpmAnggota:
    """Undo a recorded death by an approved request.

    Raises:
        Those of `require_dead`.
    """
    await require_dead(session, actor, request.subject_id, terms)
    ids = (terms.kpm_id, request.subject_id)
    return await restore_anggota(session, actor, *ids, terms, approval_request_id=request.approval_request_id)


async def restore_anggota(
    session: AsyncSession,
    actor: Actor,
    kpm_id: UUID,
    anggota_id: UUID,
    terms: ReturnTerms,
    *,
    version: int | None = None,
    approval_request_id: UUID | None = None,
) -> KpmAnggota:
    """Undo the end of a member that was recorded in error.

    A death is undone by an approved request only.

    What ended with it is restored: komponen, business, and if the family ended, the family, its dampingan and its
    memberships. The person is the pengurus again unless another was named since.

    Raises:
        NotFound, PendampingInactive, FamilyHasEnded, VersionOutdated, MemberNotLeft, PengurusStays, RecordedDead.
    """
    kpm, host, member = await _lock_member_who_left(session, actor, kpm_id, anggota_id, version)
    if member.end_reason is EndReason.MENINGGAL and approval_request_id is None:
        raise RecordedDead
    family_end = await read_family_end(session, kpm_id) if kpm.ended_on is not None else None
    before = await undo_join(session, actor, kpm, host, member) if host else await undo_end(session, member)
    kpm.ended_on = kpm.end_reason = kpm.end_recorded_on = None
    ended = before.pop("ended")
    use = use_for(kpm, actor, EvidenceKind.SURAT, anggota_id)
    await require_evidence(session, terms.evidence_sha256, use)
    before |= _to_basis(terms, approval_request_id)
    if (usaha_id := ended.get("usaha_id")) and host is None:
        await reopen_usaha(session, actor, kpm, member, UUID(usaha_id))
    if ended.get("pengurus") and not await has_pengurus(session, kpm_id):
        member.pengurus = True
        await finish_open_tugas(session, actor, TugasKind.GANTI_PENGURUS, kpm_id)
    entry = (("anggota", anggota_id), "TAKEN_BACK", terms.reason)
    act_id = await change_family(session, kpm, actor, *entry, **before)
    if host is not None:
        await move_usaha(session, member, kpm)
    if family_end is not None:
        await withdraw_after_reversal(session, family_end.history_id, reason=terms.reason)
        await drop_decisions_after_reversal(session, kpm_id)
        await restore_dampingan(session, actor, kpm, [UUID(id_) for id_ in family_end.detail["dampingan"]])
        if not await has_membership(session, kpm_id):
            await open_tugas(session, TugasKind.PUTUSKAN_KEPESERTAAN, kpm_id, act_id)
    if not await has_pengurus(session, kpm_id):
        await open_tugas(session, TugasKind.GANTI_PENGURUS, kpm_id, act_id)
    await seal_consented(session, [kpm_id])
    return member


def _to_basis(terms: ReturnTerms, approval_request_id: UUID | None) -> dict[str, str]:
    """Return the evidence and the approved request for the history, as far as given."""
    basis = {"evidence_sha256": terms.evidence_sha256, "approval_request_id": approval_request_id}
    return {name: str(value) for name, value in basis.items() if value is not None}


async def _lock_member_who_left(
    session: AsyncSession, actor: Actor, kpm_id: UUID, anggota_id: UUID, version: int | None
) -> tuple[Kpm, Kpm | None, KpmAnggota]:
    """Return the family that a person left, the present one if any, and the person."""
    host_id = await read_current_family(session, KpmAnggota.anggota_id == anggota_id)
    kpm, host = await lock_families(session, actor, kpm_id, host_id, ended=FamilyEndReason.known())
    if version is not None and kpm.version != version:
        raise VersionOutdated("/header/If-Match")
    member = await session.get(KpmAnggota, anggota_id, with_for_update={"key_share": True})
    if member is None or member.kpm_id != (host or kpm).kpm_id or (host is None) is (member.left_on is None):
        raise MemberNotLeft
    return kpm, host, member


async def undo_end(session: AsyncSession, member: KpmAnggota) -> dict[str, Any]:
    """Restore a person who left, with the komponen. Return what changed, and what ended then."""
    before = {"left_on": str(member.left_on), "end_reason": member.end_reason and member.end_reason.value}
    ended = await read_last_act(session, member.kpm_id, member.anggota_id, "LEFT")
    if ended.get("left_on") != before["left_on"]:
        ended = {}
    member.left_on = member.end_reason = None
    member.as_of, member.source = await clock.today(session), Source.HTTP
    for komponen in ended.get("komponen", ()):
        await restore_komponen(session, member, komponen)
    return before | {"ended": ended}


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


async def has_pengurus(session: AsyncSession, kpm_id: UUID) -> bool:
    pengurus = sa.exists().where(
        KpmAnggota.kpm_id == kpm_id, KpmAnggota.pengurus, KpmAnggota.left_on.is_(None)
    )
    return bool(await session.scalar(sa.select(pengurus)))
