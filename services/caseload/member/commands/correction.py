"""Correction of values of a member that were recorded wrongly, except the NIK."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.business.commands.usaha import emit_usaha_of
from services.caseload.family.commands.changes import (
    change_family,
    lock_family_version,
    lock_member,
    read_members,
)
from services.caseload.family.commands.evidence import use_for
from services.caseload.family.errors import END_KOMPONEN, KomponenImpossible
from services.caseload.family.models import KpmAnggota
from services.caseload.family.queries import read_ages
from services.caseload.family.rules import find_implausible
from services.caseload.identity.commands import seal_consented
from services.caseload.member.errors import CorrectionEmpty, PengurusTooYoung
from services.caseload.member.models import CorrectionTerms
from services.caseload.tables import Source
from shared import clock
from shared.access import Actor
from shared.database import vault_of
from shared.dates import require_not_future
from shared.evidence import EvidenceKind, require_evidence


async def correct_anggota(
    session: AsyncSession,
    actor: Actor,
    kpm_id: UUID,
    anggota_id: UUID,
    terms: CorrectionTerms,
    *,
    version: int,
) -> KpmAnggota:
    """Correct name, date of birth, sex, relation or marriage of a member.

    What the request leaves out stays.

    Raises:
        NotFound, PendampingInactive, FamilyHasEnded, VersionOutdated, MemberUnknown, DateInTheFuture, FileNotUploaded,
        KomponenImpossible, PengurusTooYoung, CorrectionEmpty.
    """
    kpm = await lock_family_version(session, actor, kpm_id, version)
    member = await lock_member(session, kpm_id, anggota_id)
    given = {name: value for name, value in dict(terms).items() if value is not None}
    use = use_for(kpm, actor, EvidenceKind.KARTU)
    await require_evidence(session, given.pop("evidence_sha256"), use)
    if not given:
        raise CorrectionEmpty("/body")
    if terms.birth_on is not None:
        require_not_future(terms.birth_on, await clock.latest_today(session), "/body/birth_on")
        # A child joins its family on its first day at the earliest.
        member.joined_on = max(member.joined_on, terms.birth_on)
    before = {name: str(getattr(member, name)) for name in given if name != "name"}
    if "name" in given:
        location = {"table": "kpm_anggota", "column": "name", "row_id": member.nik_index.hex()}
        member.name_sealed = vault_of(session).seal(given.pop("name"), **location)
    member.sqlmodel_update(given | {"as_of": await clock.today(session), "source": Source.HTTP})
    await session.flush()
    await require_plausible(session, member)
    detail = {"before": before, "evidence_sha256": terms.evidence_sha256, "name": terms.name is not None}
    await change_family(session, kpm, actor, ("anggota", anggota_id), "CORRECTED", None, **detail)
    await emit_usaha_of(session, kpm, member)
    await seal_consented(session, [kpm_id])
    return member


async def require_plausible(session: AsyncSession, member: KpmAnggota) -> None:
    """Raise KomponenImpossible or PengurusTooYoung for values of a member that cannot be."""
    today = await clock.today(session)
    ages = await read_ages(session, today)
    members = (await read_members(session, [member.kpm_id], today))[member.kpm_id]
    rows = [{"relation": None, **row} for row in members]
    for n, _, code in find_implausible(rows, ages, today):
        if rows[n]["id"] != str(member.anggota_id):
            continue
        if code == "PREGNANT_IMPOSSIBLE":
            raise KomponenImpossible("/body/sex", remedy=END_KOMPONEN)
        if code == "PENGURUS_TOO_YOUNG":
            raise PengurusTooYoung("/body/birth_on", able_from=ages.able_from)
