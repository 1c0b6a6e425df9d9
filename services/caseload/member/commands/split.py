"""A family splits: some of its members are a family of their own from a day on; what was stays as it was."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.business.commands import keep_anggota, keep_usaha, word_of
from services.caseload.business.models import Usaha
from services.caseload.family.commands.changes import (
    change_family,
    edited_family,
    facts_now,
    member_of,
)
from services.caseload.family.models import EndReason, Komponen, Kpm, KpmAnggota, KpmNoKk
from services.caseload.history import remember
from services.caseload.member.commands.members import count_members, part
from services.caseload.member.commands.taken_numbers import refusal_of_no_kk
from services.caseload.member.errors import NobodyRemains, PengurusNotAmongThem, PengurusStays
from services.caseload.member.models import SplitTerms
from services.caseload.relocation.commands import require_village
from shared import clock
from shared.access import Actor
from shared.contracts.caseload import KpmRegistered
from shared.database import insert, raw, uuid7, vault_of
from shared.dates import require_past
from shared.files import require_evidence
from shared.messaging import emit


async def split_family(
    session: AsyncSession, actor: Actor, kpm_id: UUID, terms: SplitTerms, *, version: int
) -> tuple[Kpm, Kpm]:
    """Let members be a family of their own; return the old and the new one. Memberships stay with the old one.

    Raises:
        NotFound, PendampingInactive, LostRace, DateInTheFuture, MemberUnknown, PengurusNotAmongThem, PengurusStays,
        NobodyRemains, WilayahUnknown, WilayahNotVillage, RelocationBeyondArea, FileNotUploaded, NoKkKnown,
        NumberNotAccepted.
    """
    kpm = await edited_family(session, actor, kpm_id, version)
    members = await who_leave(session, kpm, terms)
    require_village(actor, kode := terms.kode_wilayah or kpm.kode_wilayah)
    await require_evidence(session, terms.evidence_sha256)
    new = await found_family(session, actor, kpm, kode, terms)
    for member in members:
        await take_along(session, member, new, terms)
    kept = {"on": str(terms.on), "evidence_sha256": terms.evidence_sha256}
    (facts,) = await facts_now(session, [new])
    emit(session, KpmRegistered.model_validate(facts))
    place = (new.kpm_id, "kpm", new.kpm_id, "REGISTERED")
    await remember(session, *place, who=actor.person, why="PISAH_KK", split_from=str(kpm_id), **kept)
    kept |= {"split_to": str(new.kpm_id), "members": [str(member.anggota_id) for member in members]}
    await change_family(session, kpm, actor, ("kpm", kpm_id), "SPLIT", "PISAH_KK", **kept)
    return kpm, new


async def who_leave(session: AsyncSession, kpm: Kpm, terms: SplitTerms) -> list[KpmAnggota]:
    """Return the members who leave; somebody remains, and the pengurus does."""
    require_past(terms.on, await clock.today(session))
    leaving = sorted(set(terms.anggota_ids))
    if terms.pengurus_id not in leaving:
        raise PengurusNotAmongThem("/body/pengurus_id")
    members = [await member_of(session, kpm.kpm_id, one, "/body/anggota_ids") for one in leaving]
    if any(member.pengurus for member in members):
        raise PengurusStays("/body/anggota_ids")
    if len(members) == await count_members(session, kpm.kpm_id):
        raise NobodyRemains("/body/anggota_ids")
    return members


async def found_family(
    session: AsyncSession, actor: Actor, old: Kpm, kode_wilayah: str, terms: SplitTerms
) -> Kpm:
    """Write the new family with its card.

    Raises:
        NoKkKnown, NumberNotAccepted: a card is of one family.
    """
    vault, kpm_id = vault_of(session), uuid7()
    index = vault.index("no_kk", terms.no_kk)
    sealed = vault.seal(terms.no_kk, table="kpm_no_kk", column="no_kk", row_id=index.hex())
    # Row security shows the new family to this transaction, also where its pendamping does not accompany it.
    await session.execute(sa.select(sa.func.set_config("pilar.new_family", str(kpm_id), True)))  # noqa: FBT003
    new = Kpm(kpm_id=kpm_id, kode_wilayah=kode_wilayah, sealed_for=index, facts={}, version=1)
    session.add(new)
    await session.flush()
    card = {"kpm_no_kk_id": uuid7(), "kpm_id": kpm_id, "no_kk_index": index, "no_kk_sealed": sealed}
    await insert_card(session, actor, old, KpmNoKk(**card, valid=Range(terms.on, None)))
    return new


async def insert_card(session: AsyncSession, actor: Actor, old: Kpm, card: KpmNoKk) -> None:
    """Write it, or raise the refusal of a card that a family has."""
    refusal = refusal_of_no_kk(actor, old.kpm_id, await holder_of(session, card))
    await insert(session, card, ex_kpm_no_kk_one_family=refusal)


async def holder_of(session: AsyncSession, card: KpmNoKk) -> UUID | None:
    """Return the family that has the card in that time, None where row security hides it."""
    same = sa.select(KpmNoKk.kpm_id).where(
        KpmNoKk.no_kk_index == card.no_kk_index, KpmNoKk.valid.overlaps(card.valid)
    )
    return await session.scalar(same.limit(1))


async def take_along(session: AsyncSession, member: KpmAnggota, new: Kpm, terms: SplitTerms) -> None:
    """Let one member belong to the new family, with what entitles it and with their business."""
    brought = sa.select(Komponen.kind, Komponen.valid_from, Komponen.valid_to).where(
        Komponen.anggota_id == member.anggota_id,
        sa.func.coalesce(Komponen.valid_to > terms.on, True),
    )
    entitled = (await session.execute(brought)).all()
    await part(session, member, EndReason.PISAH_KK, terms.on)
    left = member.left_on or terms.on
    # Fast path: the history is copied by the database.
    await keep_anggota(await raw(session), [member.anggota_id])
    member.kpm_id, member.joined_on, member.left_on, member.end_reason = new.kpm_id, left, None, None
    member.pengurus = member.anggota_id == terms.pengurus_id
    for kind, first, until in entitled:
        valid = Range(max(first, left), until)
        if until is not None and until <= left:
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
    await take_usaha(session, member, new)
    await session.flush()


async def take_usaha(session: AsyncSession, member: KpmAnggota, new: Kpm) -> None:
    """A business goes with its owner; where it was stays readable."""
    usaha = await session.scalar(sa.select(Usaha).where(Usaha.anggota_id == member.anggota_id))
    if usaha is not None:
        # Fast path: the history is copied by the database.
        await keep_usaha(await raw(session), [usaha.usaha_id])
        usaha.kpm_id, usaha.version = new.kpm_id, usaha.version + 1
        emit(session, word_of(usaha, member, new.kode_wilayah))
