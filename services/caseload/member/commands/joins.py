"""Members who join a family: by birth, and from another family with evidence."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.business.commands.usaha import store_anggota_history
from services.caseload.family.commands.changes import change_family
from services.caseload.family.commands.evidence import use_for
from services.caseload.family.models import AnggotaFacts, EndReason, Kpm, KpmAnggota, KpmNoKk
from services.caseload.family.queries import read_ages, read_current_family
from services.caseload.family.rules import age, newborn_key
from services.caseload.member.commands.ends import EndedMember, MemberEnd, end_members
from services.caseload.member.commands.family_end import end_family
from services.caseload.member.commands.known_persons import require_unknown_person
from services.caseload.member.commands.members import count_members
from services.caseload.member.commands.taken_numbers import refusal_of_nik
from services.caseload.member.commands.transfer import move_member, move_usaha
from services.caseload.member.errors import (
    BirthDateInTheFuture,
    JoinNeedsEvidence,
    NikKnown,
    NikRequired,
    NumberNotAccepted,
    PengurusStays,
    RecordedDead,
)
from services.caseload.member.models import JoinReason, JoinTerms
from services.caseload.membership.commands.pending_decisions import open_decisions_after_joining
from services.caseload.tables import Source
from services.caseload.visibility import lock_families
from shared import clock
from shared.access import Actor
from shared.contracts.kinds import FamilyEndReason
from shared.database import insert, raw, uuid7, vault_of
from shared.dates import require_not_future
from shared.evidence import EvidenceKind, EvidenceUse, require_evidence
from shared.text import name_key

# How a join ends the period in the former family. A birth ends none.
END_REASONS = {JoinReason.KAWIN_MASUK: EndReason.KAWIN_KELUAR, JoinReason.GABUNG: EndReason.PINDAH}


async def add_anggota(session: AsyncSession, actor: Actor, kpm_id: UUID, terms: JoinTerms) -> KpmAnggota:
    """Add a person to a family.

    The row of a former member of any family is reused. A current member of another family leaves it on the same day,
    with komponen and business. The actor must be allowed to change both. If nobody remains in that family, it ends.

    Raises:
        NotFound, PendampingInactive, FamilyHasEnded, NikRequired, DateInTheFuture, BirthDateInTheFuture, RecordedDead,
        MemberKnownByName, NikReplaced, NikKnown, NumberNotAccepted, JoinNeedsEvidence, FileNotUploaded, PengurusStays.
    """
    index = await index_person(session, kpm_id, terms)
    is_person = KpmAnggota.nik_index == index
    kpm, other = await lock_families(session, actor, kpm_id, await read_current_family(session, is_person))
    require_not_future(terms.on, await clock.latest_today(session))
    if terms.birth_on > terms.on:
        raise BirthDateInTheFuture("/body/birth_on", on=terms.on)
    statement = sa.select(KpmAnggota).where(is_person).with_for_update(key_share=True)
    existing, ended = await session.scalar(statement), None
    if existing is None:
        await require_unknown_person(session, kpm_id, index, terms)
    if existing is not None and existing.end_reason is EndReason.MENINGGAL:
        raise RecordedDead("/body/nik")
    if existing is not None and existing.left_on is None:
        if other is None or existing.kpm_id != other.kpm_id:
            raise refusal_of_nik(actor, kpm_id, existing.kpm_id)
        use = use_for(kpm, actor, EvidenceKind.PISAH_GABUNG)
        end = await build_member_end(session, existing, terms, use)
        ended = await leave_family(session, actor, other, existing, kpm, end, terms.evidence_sha256)
        await move_member(session, existing, ended, kpm_id)
    elif existing is not None:
        # Fast path: the database copies the member's period.
        await store_anggota_history(await raw(session), [existing.anggota_id])
    member = await write_member(session, kpm_id, existing, index, terms, ended)
    detail = {"on": str(terms.on), "evidence_sha256": terms.evidence_sha256}
    detail |= {"joined_from": str(other.kpm_id)} if ended and other else {}
    await change_family(session, kpm, actor, ("anggota", member.anggota_id), "JOINED", terms.reason, **detail)
    if ended is not None:
        await move_usaha(session, member, kpm)
    return member


async def index_person(session: AsyncSession, kpm_id: UUID, terms: JoinTerms) -> bytes:
    """Return the index of the NIK, or of a child without one.

    Raises:
        NikRequired: the person is no small child.
    """
    vault = vault_of(session)
    if terms.nik is not None:
        return vault.index("nik", terms.nik)
    today = await clock.today(session)
    limit = (await read_ages(session, today)).without_nik_below
    if age(born := terms.birth_on.isoformat(), today) >= limit:
        raise NikRequired("/body/nik", without_nik_below=limit)
    if (known := await find_child(session, kpm_id, terms)) is not None:
        return known
    current = sa.select(KpmNoKk.no_kk_index).where(KpmNoKk.kpm_id == kpm_id, sa.func.upper_inf(KpmNoKk.valid))
    card = await session.scalar(current) or b""
    return vault.index("newborn", newborn_key(card.hex(), terms.name, born))


async def find_child(session: AsyncSession, kpm_id: UUID, terms: JoinTerms) -> bytes | None:
    """Return the index of a member of this name and date of birth.

    The family may have another card by now, and the child a NIK.
    """
    vault = vault_of(session)
    born = sa.select(KpmAnggota.nik_index, KpmAnggota.name_sealed).where(
        KpmAnggota.kpm_id == kpm_id, KpmAnggota.birth_on == terms.birth_on
    )
    for index, sealed in await session.execute(born):
        name = vault.open(sealed, table="kpm_anggota", column="name", row_id=index.hex())
        if name_key(name) == name_key(terms.name):
            return bytes(index)
    return None


async def build_member_end(
    session: AsyncSession, member: KpmAnggota, terms: JoinTerms, use: EvidenceUse
) -> MemberEnd:
    """Return how a person leaves another family, if the person may join this one.

    Raises:
        NikKnown, JoinNeedsEvidence, FileNotUploaded.
    """
    reason = END_REASONS.get(terms.reason)
    if reason is None:
        raise NikKnown("/body/nik")
    if terms.evidence_sha256 is None:
        raise JoinNeedsEvidence("/body/evidence_sha256")
    await require_evidence(session, terms.evidence_sha256, use)
    return MemberEnd(member.anggota_id, reason, terms.on)


async def leave_family(
    session: AsyncSession,
    actor: Actor,
    old: Kpm,
    member: KpmAnggota,
    new: Kpm,
    end: MemberEnd,
    evidence_sha256: str | None,
) -> EndedMember:
    """End a person's period in one family by a move into another.

    If nobody remains, the old family ends, and its memberships wait for a decision.

    Raises:
        PengurusStays.
    """
    if member.pengurus and await count_members(session, old.kpm_id) > 1:
        raise PengurusStays("/body/nik")
    before = {"relation": member.relation.value, "married": member.married}
    (ended,) = await end_members(session, [end], with_usaha=False)
    detail = ended.detail() | before | {"joined": str(new.kpm_id), "evidence_sha256": evidence_sha256}
    if ended.last:
        detail |= await end_family(session, old, FamilyEndReason.BERGABUNG, ended.left_on)
        await open_decisions_after_joining(session, old.kpm_id, new.kpm_id)
    await change_family(
        session, old, actor, ("anggota", member.anggota_id), "LEFT", end.reason.value, **detail
    )
    await session.refresh(member)
    return ended


async def write_member(
    session: AsyncSession,
    kpm_id: UUID,
    existing: KpmAnggota | None,
    index: bytes,
    terms: JoinTerms,
    ended: EndedMember | None,
) -> KpmAnggota:
    """Insert the member's row, or write the terms to the existing one."""
    vault, location = vault_of(session), {"table": "kpm_anggota", "row_id": index.hex()}
    values = {name: getattr(terms, name) for name in AnggotaFacts.model_fields} | {
        "kpm_id": kpm_id,
        "nik_sealed": vault.seal(terms.nik, column="nik", **location)
        if terms.nik
        else existing and existing.nik_sealed,
        "name_sealed": vault.seal(terms.name, column="name", **location),
        "pengurus": False,
        "joined_on": ended.left_on if ended else terms.on,
        "left_on": None,
        "end_reason": None,
        "as_of": await clock.today(session),
        "source": Source.HTTP,
    }
    member = existing or KpmAnggota(anggota_id=uuid7(), nik_index=index, **values)
    member.sqlmodel_update(values)
    await insert(session, member, uq_kpm_anggota_nik_index=NumberNotAccepted("/body/nik"))
    return member
