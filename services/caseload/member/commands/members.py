"""Members of a family: join, leave, marry, and undo of an end recorded in error."""

from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.business.commands import store_anggota_history
from services.caseload.family.commands.changes import change_family, lock_family_version, lock_member
from services.caseload.family.models import (
    AnggotaFacts,
    EndReason,
    Komponen,
    KpmAnggota,
    KpmHistory,
    Relation,
)
from services.caseload.identity.commands import seal_consented
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
from services.caseload.task.commands import finish_open_tugas, open_tugas
from services.caseload.task.models import TugasKind
from services.caseload.visibility import lock_family
from shared import clock
from shared.access import Actor
from shared.contracts.kinds import KomponenKind
from shared.database import insert, raw, uuid7, vault_of
from shared.dates import require_not_future
from shared.files import require_evidence


async def add_anggota(session: AsyncSession, actor: Actor, kpm_id: UUID, terms: JoinTerms) -> KpmAnggota:
    """Add a person to a family.

    The row of a former member of any family is reused.

    Raises:
        NotFound, PendampingInactive, DateInTheFuture, BirthDateInTheFuture, NikKnown, NumberNotAccepted.
    """
    family = await lock_family(session, actor, kpm_id)
    require_not_future(terms.on, await clock.today(session))
    if terms.birth_on > terms.on:
        raise BirthDateInTheFuture("/body/birth_on", birth_on=terms.birth_on, on=terms.on)
    vault = vault_of(session)
    index = vault.index("nik", terms.nik)
    location = {"table": "kpm_anggota", "row_id": index.hex()}
    existing = await session.scalar(
        sa.select(KpmAnggota).where(KpmAnggota.nik_index == index).with_for_update(key_share=True)
    )
    if existing is not None:
        await store_former_period(session, actor, kpm_id, existing)
    values = {name: getattr(terms, name) for name in AnggotaFacts.model_fields} | {
        "kpm_id": kpm_id,
        "nik_sealed": vault.seal(terms.nik, column="nik", **location),
        "name_sealed": vault.seal(terms.name, column="name", **location),
        "pengurus": False,
        "joined_on": terms.on,
        "left_on": None,
        "end_reason": None,
    }
    member = existing or KpmAnggota(anggota_id=uuid7(), nik_index=index, **values)
    member.sqlmodel_update(values)
    await insert(session, member, uq_kpm_anggota_nik_index=NumberNotAccepted("/body/nik"))
    subject, on = ("anggota", member.anggota_id), str(terms.on)
    await change_family(session, family.kpm, actor, subject, "JOINED", terms.reason, on=on)
    return member


async def store_former_period(session: AsyncSession, actor: Actor, kpm_id: UUID, member: KpmAnggota) -> None:
    """Store the period of a person who has left a family.

    Raises:
        NikKnown, NumberNotAccepted: the person is a member of a family now.
    """
    if member.left_on is None:
        raise refusal_of_nik(actor, kpm_id, member.kpm_id)
    # Fast path: the database copies the member's period.
    await store_anggota_history(await raw(session), [member.anggota_id])


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

    A pengurus's death opens a task to name another.

    Raises:
        NotFound, PendampingInactive, VersionOutdated, MemberUnknown, DateInTheFuture, DeathNeedsEvidence, FileNotUploaded,
        LastMember, PengurusStays.
    """
    kpm = await lock_family_version(session, actor, kpm_id, version)
    member = await lock_member(session, kpm_id, anggota_id)
    require_not_future(on, await clock.today(session))
    if reason is EndReason.MENINGGAL and evidence_sha256 is None:
        raise DeathNeedsEvidence("/body/evidence_sha256")
    if evidence_sha256 is not None:
        await require_evidence(session, evidence_sha256)
    if await count_members(session, kpm_id) == 1:
        raise LastMember
    if member.pengurus and reason is not EndReason.MENINGGAL:
        raise PengurusStays
    was_pengurus = member.pengurus
    ended = await end_period(session, member, reason, on)
    detail = {"on": str(on), "left_on": str(member.left_on), "evidence_sha256": evidence_sha256}
    detail |= {"pengurus": was_pengurus, "komponen": ended}
    await change_family(session, kpm, actor, ("anggota", anggota_id), "LEFT", reason.value, **detail)
    if was_pengurus:
        await open_tugas(session, TugasKind.GANTI_PENGURUS, kpm_id, anggota_id)
    return member


async def end_period(
    session: AsyncSession, member: KpmAnggota, reason: EndReason, on: date
) -> list[dict[str, Any]]:
    """End a member's period and komponen, and return snapshots of the komponen."""
    left_on = max(on, member.joined_on)
    member.left_on, member.end_reason, member.pengurus = left_on, reason, False
    statement = sa.select(Komponen).where(
        Komponen.anggota_id == member.anggota_id,
        sa.func.coalesce(Komponen.valid_to > left_on, True),
    )
    snapshots: list[dict[str, Any]] = []
    for komponen in await session.scalars(statement.with_for_update(key_share=True)):
        snapshots.append(komponen_snapshot(komponen))
        await end_or_delete(session, komponen, left_on)
    await session.flush()
    return snapshots


def komponen_snapshot(komponen: Komponen) -> dict[str, Any]:
    """Return a komponen in the form of the history's detail."""
    first, until = komponen.valid_from, komponen.valid_to
    snapshot = {
        "komponen_id": str(komponen.komponen_id),
        "kind": komponen.kind.value,
        "valid_from": str(first),
    }
    return snapshot | {"valid_to": until and str(until)}


async def end_or_delete(session: AsyncSession, komponen: Komponen, on: date) -> None:
    """End a komponen on a day, or delete it if it starts later."""
    if komponen.valid_from >= on:
        await session.delete(komponen)
        return
    komponen.valid, komponen.version = Range(komponen.valid_from, on), komponen.version + 1


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
        NotFound, PendampingInactive, VersionOutdated, MemberUnknown, DateInTheFuture.
    """
    kpm = await lock_family_version(session, actor, kpm_id, version)
    member = await lock_member(session, kpm_id, anggota_id)
    require_not_future(on, await clock.today(session))
    before = {"was_married": member.married, "was": member.relation.value}
    member.married, member.relation = married, relation or member.relation
    why = "KAWIN" if married else "CERAI"
    await change_family(session, kpm, actor, ("anggota", anggota_id), "MARRIAGE", why, on=str(on), **before)
    return member


async def restore_anggota(
    session: AsyncSession, actor: Actor, kpm_id: UUID, anggota_id: UUID, *, reason: str, version: int
) -> KpmAnggota:
    """Undo an end that was recorded in error, also a death.

    The komponen that ended with it are restored. The person is the pengurus again unless another was named since.

    Raises:
        NotFound, PendampingInactive, VersionOutdated, MemberNotLeft.
    """
    kpm = await lock_family_version(session, actor, kpm_id, version)
    member = await session.get(KpmAnggota, anggota_id)
    if member is None or member.kpm_id != kpm_id or member.left_on is None or member.end_reason is None:
        raise MemberNotLeft
    before = {"left_on": str(member.left_on), "end_reason": member.end_reason.value}
    ended = await read_ended(session, member)
    member.left_on = member.end_reason = None
    for komponen in ended.get("komponen", ()):
        await restore_komponen(session, member, komponen)
    if ended.get("pengurus") and not await has_pengurus(session, kpm_id):
        member.pengurus = True
        await finish_open_tugas(session, actor, TugasKind.GANTI_PENGURUS, kpm_id)
    await change_family(session, kpm, actor, ("anggota", anggota_id), "TAKEN_BACK", reason, **before)
    await seal_consented(session, [kpm_id])
    return member


async def read_ended(session: AsyncSession, member: KpmAnggota) -> dict[str, Any]:
    """Return what ended when the member left, from the history.

    It is empty after an end by an intake file.
    """
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
        return
    owner = {"kpm_id": member.kpm_id, "anggota_id": member.anggota_id, "kind": KomponenKind(snapshot["kind"])}
    session.add(Komponen(komponen_id=UUID(snapshot["komponen_id"]), valid=valid, version=1, **owner))


async def has_pengurus(session: AsyncSession, kpm_id: UUID) -> bool:
    pengurus = sa.exists().where(
        KpmAnggota.kpm_id == kpm_id, KpmAnggota.pengurus, KpmAnggota.left_on.is_(None)
    )
    return bool(await session.scalar(sa.select(pengurus)))


async def count_members(session: AsyncSession, kpm_id: UUID) -> int:
    """Return the number of current members."""
    statement = sa.select(sa.func.count()).where(KpmAnggota.kpm_id == kpm_id, KpmAnggota.left_on.is_(None))
    return await session.scalar(statement) or 0
