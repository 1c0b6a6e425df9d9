"""Members of a family: leave and marry."""

from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.business.commands.usaha import emit_usaha_of
from services.caseload.family.commands.changes import change_family, lock_family_version, lock_member
from services.caseload.family.commands.evidence import use_for
from services.caseload.family.models import EndReason, KpmAnggota, Relation
from services.caseload.identity.commands import seal_consented
from services.caseload.member.commands.ends import MemberEnd
from services.caseload.member.commands.family_end import record_end
from services.caseload.member.errors import DeathNeedsEvidence, LastMember, PengurusStays
from services.caseload.tables import Source
from shared import clock
from shared.access import Actor
from shared.dates import require_not_future
from shared.evidence import EvidenceKind, require_evidence


async def end_anggota(
    session: AsyncSession,
    actor: Actor,
    kpm_id: UUID,
    anggota_id: UUID,
    *,
    reason: EndReason,
    on: date,
    evidence_sha256: str | None,
    version: int,
) -> KpmAnggota:
    """End a person's membership in a family.

    A pengurus's death opens a task to name another. The death of the only member ends the family.

    Raises:
        NotFound, PendampingInactive, FamilyHasEnded, VersionOutdated, MemberUnknown, DateInTheFuture,
        DeathNeedsEvidence, FileNotUploaded, LastMember, PengurusStays.
    """
    kpm = await lock_family_version(session, actor, kpm_id, version)
    member = await lock_member(session, kpm_id, anggota_id)
    require_not_future(on, await clock.latest_today(session))
    died = reason is EndReason.MENINGGAL
    if died and evidence_sha256 is None:
        raise DeathNeedsEvidence("/body/evidence_sha256")
    if evidence_sha256 is not None:
        kind = EvidenceKind.KEMATIAN if died else EvidenceKind.ANGGOTA_KELUAR
        await require_evidence(session, evidence_sha256, use_for(kpm, actor, kind, anggota_id))
    if not died and await count_members(session, kpm_id) == 1:
        raise LastMember
    if not died and member.pengurus:
        raise PengurusStays
    await record_end(session, actor, kpm, MemberEnd(anggota_id, reason, on), evidence_sha256)
    await session.refresh(member)
    return member


async def change_marriage(
    session: AsyncSession,
    actor: Actor,
    kpm_id: UUID,
    anggota_id: UUID,
    *,
    married: bool,
    relation: Relation | None,
    on: date,
    version: int,
) -> KpmAnggota:
    """Record a marriage or a divorce.

    A member who marries into another family leaves by `end_anggota`.

    Raises:
        NotFound, PendampingInactive, FamilyHasEnded, VersionOutdated, MemberUnknown, DateInTheFuture.
    """
    kpm = await lock_family_version(session, actor, kpm_id, version)
    member = await lock_member(session, kpm_id, anggota_id)
    require_not_future(on, await clock.latest_today(session))
    before = {"was_married": member.married, "was": member.relation.value}
    member.married, member.relation = married, relation or member.relation
    member.as_of, member.source = await clock.today(session), Source.HTTP
    why = "KAWIN" if married else "CERAI"
    await change_family(session, kpm, actor, ("anggota", anggota_id), "MARRIAGE", why, on=str(on), **before)
    await seal_consented(session, [kpm_id])
    await emit_usaha_of(session, kpm, member)
    return member


async def count_members(session: AsyncSession, kpm_id: UUID) -> int:
    """Return the number of current members."""
    statement = sa.select(sa.func.count()).where(KpmAnggota.kpm_id == kpm_id, KpmAnggota.left_on.is_(None))
    return await session.scalar(statement) or 0
