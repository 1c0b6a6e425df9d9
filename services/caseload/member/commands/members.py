"""Who belongs to a family: born or joined, dead or gone, married, and taken back where that was an error."""

from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.business.commands import keep_anggota
from services.caseload.family.commands.changes import change_family, edited_family, member_of
from services.caseload.family.models import (
    AnggotaFacts,
    EndReason,
    Komponen,
    KpmAnggota,
    KpmHistory,
    Relation,
)
from services.caseload.identity.commands import seal_waiting
from services.caseload.member.commands.taken_numbers import refusal_of_nik
from services.caseload.member.errors import (
    BirthDateInTheFuture,
    DeathNeedsEvidence,
    LastMember,
    MemberNotLeft,
    NumberNotAccepted,
    PengurusStays,
)
from services.caseload.member.models import JoinTerms
from services.caseload.task.commands import open_tugas, settle_tugas
from services.caseload.task.models import TugasKind
from services.caseload.visibility import family_in_hand
from shared import clock
from shared.access import Actor
from shared.contracts.kinds import KomponenKind
from shared.database import insert, raw, uuid7, vault_of
from shared.dates import require_past
from shared.files import require_evidence


async def add_anggota(session: AsyncSession, actor: Actor, kpm_id: UUID, terms: JoinTerms) -> KpmAnggota:
    """Let somebody who is born or joins belong to the family; who belonged to it before comes back.

    Raises:
        NotFound, PendampingInactive, DateInTheFuture, BirthDateInTheFuture, NikKnown, NumberNotAccepted.
    """
    held = await family_in_hand(session, actor, kpm_id)
    require_past(terms.on, await clock.today(session))
    if terms.birth_on > terms.on:
        raise BirthDateInTheFuture("/body/birth_on", birth_on=terms.birth_on, on=terms.on)
    vault = vault_of(session)
    index = vault.index("nik", terms.nik)
    place = {"table": "kpm_anggota", "row_id": index.hex()}
    known = await session.scalar(
        sa.select(KpmAnggota).where(KpmAnggota.nik_index == index).with_for_update(key_share=True)
    )
    if known is not None:
        await leave_behind(session, actor, kpm_id, known)
    values = {name: getattr(terms, name) for name in AnggotaFacts.model_fields} | {
        "kpm_id": kpm_id,
        "nik_sealed": vault.seal(terms.nik, column="nik", **place),
        "name_sealed": vault.seal(terms.name, column="name", **place),
        "pengurus": False,
        "joined_on": terms.on,
        "left_on": None,
        "end_reason": None,
    }
    member = known or KpmAnggota(anggota_id=uuid7(), nik_index=index, **values)
    member.sqlmodel_update(values)
    await insert(session, member, uq_kpm_anggota_nik_index=NumberNotAccepted("/body/nik"))
    subject, on = ("anggota", member.anggota_id), str(terms.on)
    await change_family(session, held.kpm, actor, subject, "JOINED", terms.reason, on=on)
    return member


async def leave_behind(session: AsyncSession, actor: Actor, kpm_id: UUID, known: KpmAnggota) -> None:
    """Keep the days of somebody who had left; raise the refusal of one who belongs to a family."""
    if known.left_on is None:
        raise refusal_of_nik(actor, kpm_id, known.kpm_id)
    # Fast path: the member's history is copied by the database.
    await keep_anggota(await raw(session), [known.anggota_id])


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
    """Let a member belong to the family no longer; a pengurus who died leaves a task to name another.

    Raises:
        NotFound, PendampingInactive, LostRace, MemberUnknown, DateInTheFuture, DeathNeedsEvidence, FileNotUploaded,
        LastMember, PengurusStays.
    """
    kpm = await edited_family(session, actor, kpm_id, version)
    member = await member_of(session, kpm_id, anggota_id)
    require_past(on, await clock.today(session))
    if reason is EndReason.MENINGGAL and evidence_sha256 is None:
        raise DeathNeedsEvidence("/body/evidence_sha256")
    if evidence_sha256 is not None:
        await require_evidence(session, evidence_sha256)
    if await count_members(session, kpm_id) == 1:
        raise LastMember
    if member.pengurus and reason is not EndReason.MENINGGAL:
        raise PengurusStays
    held_the_card = member.pengurus
    ended = await part(session, member, reason, on)
    kept = {"on": str(on), "left_on": str(member.left_on), "evidence_sha256": evidence_sha256}
    kept |= {"pengurus": held_the_card, "komponen": ended}
    await change_family(session, kpm, actor, ("anggota", anggota_id), "LEFT", reason.value, **kept)
    if held_the_card:
        await open_tugas(session, TugasKind.GANTI_PENGURUS, kpm_id, anggota_id)
    return member


async def part(
    session: AsyncSession, member: KpmAnggota, reason: EndReason, on: date
) -> list[dict[str, Any]]:
    """End somebody's days in a family, and what they give it entitlement by; return that as it was."""
    left = max(on, member.joined_on)
    member.left_on, member.end_reason, member.pengurus = left, reason, False
    held = sa.select(Komponen).where(
        Komponen.anggota_id == member.anggota_id,
        sa.func.coalesce(Komponen.valid_to > left, True),
    )
    ended: list[dict[str, Any]] = []
    for komponen in await session.scalars(held.with_for_update(key_share=True)):
        ended.append(as_it_was(komponen))
        await end_one(session, komponen, left)
    await session.flush()
    return ended


def as_it_was(komponen: Komponen) -> dict[str, Any]:
    """Return a komponen as the history keeps it."""
    first, until = komponen.valid_from, komponen.valid_to
    said = {"komponen_id": str(komponen.komponen_id), "kind": komponen.kind.value, "valid_from": str(first)}
    return said | {"valid_to": until and str(until)}


async def end_one(session: AsyncSession, komponen: Komponen, on: date) -> None:
    """End a komponen on a day; one that had not begun by then is as if it had never been."""
    if komponen.valid_from >= on:
        await session.delete(komponen)
        return
    komponen.valid, komponen.version = Range(komponen.valid_from, on), komponen.version + 1


async def marry(
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
    """Record that a member married, or no longer is; who marries out leaves as well, by `end_anggota`.

    Raises:
        NotFound, PendampingInactive, LostRace, MemberUnknown, DateInTheFuture.
    """
    kpm = await edited_family(session, actor, kpm_id, version)
    member = await member_of(session, kpm_id, anggota_id)
    require_past(on, await clock.today(session))
    before = {"was_married": member.married, "was": member.relation.value}
    member.married, member.relation = married, relation or member.relation
    why = "KAWIN" if married else "CERAI"
    await change_family(session, kpm, actor, ("anggota", anggota_id), "MARRIAGE", why, on=str(on), **before)
    return member


async def take_back(
    session: AsyncSession, actor: Actor, kpm_id: UUID, anggota_id: UUID, *, reason: str, version: int
) -> KpmAnggota:
    """Undo an end that was recorded in error: a death is reversed, the person belongs to the family as before.

    What ended with it goes on as it was, and so does the card, unless another pengurus has been named since.

    Raises:
        NotFound, PendampingInactive, LostRace, MemberNotLeft.
    """
    kpm = await edited_family(session, actor, kpm_id, version)
    member = await session.get(KpmAnggota, anggota_id)
    if member is None or member.kpm_id != kpm_id or member.left_on is None or member.end_reason is None:
        raise MemberNotLeft
    before = {"left_on": str(member.left_on), "end_reason": member.end_reason.value}
    lost = await lost_by(session, member)
    member.left_on = member.end_reason = None
    for komponen in lost.get("komponen", ()):
        await give_back(session, member, komponen)
    if lost.get("pengurus") and not await has_pengurus(session, kpm_id):
        member.pengurus = True
        await settle_tugas(session, actor, TugasKind.GANTI_PENGURUS, kpm_id)
    await change_family(session, kpm, actor, ("anggota", anggota_id), "TAKEN_BACK", reason, **before)
    await seal_waiting(session, [kpm_id])
    return member


async def lost_by(session: AsyncSession, member: KpmAnggota) -> dict[str, Any]:
    """Return what the history says that somebody's leaving ended; nothing, where a file let them go."""
    left = sa.select(KpmHistory.detail).where(
        KpmHistory.kpm_id == member.kpm_id,
        KpmHistory.subject_id == member.anggota_id,
        KpmHistory.act == "LEFT",
    )
    found = await session.scalar(left.order_by(KpmHistory.history_id.desc()).limit(1))
    return found if found and found.get("left_on") == str(member.left_on) else {}


async def give_back(session: AsyncSession, member: KpmAnggota, was: dict[str, Any]) -> None:
    """Let a komponen be as it was; one that had not begun was taken out, and is written anew."""
    until = date.fromisoformat(was["valid_to"]) if was["valid_to"] else None
    valid = Range(date.fromisoformat(was["valid_from"]), until)
    komponen = await session.get(Komponen, UUID(was["komponen_id"]), with_for_update={"key_share": True})
    if komponen is not None:
        komponen.valid, komponen.version = valid, komponen.version + 1
        return
    same = {"kpm_id": member.kpm_id, "anggota_id": member.anggota_id, "kind": KomponenKind(was["kind"])}
    session.add(Komponen(komponen_id=UUID(was["komponen_id"]), valid=valid, version=1, **same))


async def has_pengurus(session: AsyncSession, kpm_id: UUID) -> bool:
    """Whether somebody of the family holds its card."""
    held = sa.exists().where(KpmAnggota.kpm_id == kpm_id, KpmAnggota.pengurus, KpmAnggota.left_on.is_(None))
    return bool(await session.scalar(sa.select(held)))


async def count_members(session: AsyncSession, kpm_id: UUID) -> int:
    """Return how many belong to the family now."""
    now = sa.select(sa.func.count()).where(KpmAnggota.kpm_id == kpm_id, KpmAnggota.left_on.is_(None))
    return await session.scalar(now) or 0
