"""Split of a family: some members form a new family from a day on."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.business.commands import store_anggota_history, store_usaha_history, to_usaha_event
from services.caseload.business.models import Usaha
from services.caseload.family.commands.changes import (
    change_family,
    lock_family_version,
    lock_member,
    recompute_facts,
)
from services.caseload.family.models import EndReason, Komponen, Kpm, KpmAnggota, KpmNoKk
from services.caseload.history import append_history
from services.caseload.member.commands.members import count_members, end_period
from services.caseload.member.commands.taken_numbers import refusal_of_no_kk
from services.caseload.member.errors import NoMemberRemains, PengurusNotLeaving, PengurusStays
from services.caseload.member.models import SplitTerms
from services.caseload.relocation.commands import require_village
from shared import clock
from shared.access import Actor
from shared.contracts.caseload import KpmRegistered
from shared.database import insert, raw, uuid7, vault_of
from shared.dates import require_not_future
from shared.files import require_evidence
from shared.messaging import emit


async def split_family(
    session: AsyncSession, actor: Actor, kpm_id: UUID, terms: SplitTerms, *, version: int
) -> tuple[Kpm, Kpm]:
    """Move members to a new family, and return the old and the new one.

    Memberships in bansos stay with the old family.

    Raises:
        NotFound, PendampingInactive, VersionOutdated, DateInTheFuture, MemberUnknown, PengurusNotLeaving, PengurusStays,
        NoMemberRemains, WilayahUnknown, WilayahNotVillage, RelocationBeyondArea, FileNotUploaded, NoKkKnown,
        NumberNotAccepted.
    """
    kpm = await lock_family_version(session, actor, kpm_id, version)
    members = await read_leaving_members(session, kpm, terms)
    require_village(actor, kode := terms.kode_wilayah or kpm.kode_wilayah)
    await require_evidence(session, terms.evidence_sha256)
    new = await create_family(session, actor, kpm, kode, terms)
    for member in members:
        await transfer_member(session, member, new, terms)
    detail = {"on": str(terms.on), "evidence_sha256": terms.evidence_sha256}
    (facts,) = await recompute_facts(session, [new])
    emit(session, KpmRegistered.model_validate(facts))
    entry = (new.kpm_id, "kpm", new.kpm_id, "REGISTERED")
    await append_history(session, *entry, who=actor.person, why="PISAH_KK", split_from=str(kpm_id), **detail)
    detail |= {"split_to": str(new.kpm_id), "members": [str(member.anggota_id) for member in members]}
    await change_family(session, kpm, actor, ("kpm", kpm_id), "SPLIT", "PISAH_KK", **detail)
    return kpm, new


async def read_leaving_members(session: AsyncSession, kpm: Kpm, terms: SplitTerms) -> list[KpmAnggota]:
    """Lock and return the leaving members. The pengurus must remain."""
    require_not_future(terms.on, await clock.today(session))
    leaving = sorted(set(terms.anggota_ids))
    if terms.pengurus_id not in leaving:
        raise PengurusNotLeaving("/body/pengurus_id")
    members = [
        await lock_member(session, kpm.kpm_id, anggota_id, "/body/anggota_ids") for anggota_id in leaving
    ]
    if any(member.pengurus for member in members):
        raise PengurusStays("/body/anggota_ids")
    if len(members) == await count_members(session, kpm.kpm_id):
        raise NoMemberRemains("/body/anggota_ids")
    return members


async def create_family(
    session: AsyncSession, actor: Actor, old: Kpm, kode_wilayah: str, terms: SplitTerms
) -> Kpm:
    """Insert the new family with its card.

    Raises:
        NoKkKnown, NumberNotAccepted: another family has the card.
    """
    vault, kpm_id = vault_of(session), uuid7()
    index = vault.index("no_kk", terms.no_kk)
    sealed = vault.seal(terms.no_kk, table="kpm_no_kk", column="no_kk", row_id=index.hex())
    # Row security lets this transaction read the new family, which the pendamping does not accompany.
    await session.execute(sa.select(sa.func.set_config("pilar.new_family", str(kpm_id), True)))  # noqa: FBT003
    new = Kpm(kpm_id=kpm_id, kode_wilayah=kode_wilayah, sealed_for=index, facts={}, version=1)
    session.add(new)
    await session.flush()
    card = {"kpm_no_kk_id": uuid7(), "kpm_id": kpm_id, "no_kk_index": index, "no_kk_sealed": sealed}
    await insert_card(session, actor, old, KpmNoKk(**card, valid=Range(terms.on, None)))
    return new


async def insert_card(session: AsyncSession, actor: Actor, old: Kpm, card: KpmNoKk) -> None:
    """Insert the card, or raise the refusal if another family has it."""
    refusal = refusal_of_no_kk(actor, old.kpm_id, await read_card_owner(session, card))
    await insert(session, card, ex_kpm_no_kk_one_family=refusal)


async def read_card_owner(session: AsyncSession, card: KpmNoKk) -> UUID | None:
    """Return the family that has the card, None if row security hides it."""
    same = sa.select(KpmNoKk.kpm_id).where(
        KpmNoKk.no_kk_index == card.no_kk_index, KpmNoKk.valid.overlaps(card.valid)
    )
    return await session.scalar(same.limit(1))


async def transfer_member(session: AsyncSession, member: KpmAnggota, new: Kpm, terms: SplitTerms) -> None:
    """Move a member with their komponen and business to the new family."""
    statement = sa.select(Komponen.kind, Komponen.valid_from, Komponen.valid_to).where(
        Komponen.anggota_id == member.anggota_id,
        sa.func.coalesce(Komponen.valid_to > terms.on, True),
    )
    komponen = (await session.execute(statement)).all()
    await end_period(session, member, EndReason.PISAH_KK, terms.on)
    joined_on = member.left_on or terms.on
    # Fast path: the database copies the member's period.
    await store_anggota_history(await raw(session), [member.anggota_id])
    member.kpm_id, member.joined_on, member.left_on, member.end_reason = new.kpm_id, joined_on, None, None
    member.pengurus = member.anggota_id == terms.pengurus_id
    for kind, first, until in komponen:
        valid = Range(max(first, joined_on), until)
        if until is not None and until <= joined_on:
            continue
        session.add(
            Komponen(
                komponen_id=uuid7(),
                kpm_id=new.kpm_id,
                anggota_id=member.anggota_id,
                kind=kind,
                valid=valid,
                version=1,
            )
        )
    await transfer_usaha(session, member, new)
    await session.flush()


async def transfer_usaha(session: AsyncSession, member: KpmAnggota, new: Kpm) -> None:
    """Move a member's business to the new family and store the previous version."""
    usaha = await session.scalar(sa.select(Usaha).where(Usaha.anggota_id == member.anggota_id))
    if usaha is not None:
        # Fast path: the database copies the previous version.
        await store_usaha_history(await raw(session), [usaha.usaha_id])
        usaha.kpm_id, usaha.version = new.kpm_id, usaha.version + 1
        emit(session, to_usaha_event(usaha, member, new.kode_wilayah))
