"""Split of a family: some members form a new family from a day on."""

from uuid import UUID

from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.dampingan.commands.assignment import continue_dampingan
from services.caseload.dampingan.commands.ends import read_open_dampingan
from services.caseload.family.commands.changes import (
    change_family,
    lock_family_version,
    lock_member,
    recompute_facts,
)
from services.caseload.family.commands.evidence import use_for
from services.caseload.family.models import EndReason, Kpm, KpmAnggota, KpmNoKk
from services.caseload.history import append_history
from services.caseload.member.commands.ends import MemberEnd, end_members
from services.caseload.member.commands.members import count_members
from services.caseload.member.commands.pengurus import require_adult
from services.caseload.member.commands.taken_numbers import insert_card
from services.caseload.member.commands.transfer import move_member, move_usaha
from services.caseload.member.errors import NoMemberRemains, PengurusNotLeaving, PengurusStays
from services.caseload.member.models import SplitTerms
from services.caseload.relocation.commands import require_village
from services.caseload.task.commands import open_tugas
from services.caseload.task.models import TugasKind
from services.caseload.visibility import open_family_rows
from shared import clock
from shared.access import Actor
from shared.contracts.caseload import KpmRegistered
from shared.database import uuid7, vault_of
from shared.dates import require_not_future
from shared.evidence import EvidenceKind, require_evidence
from shared.messaging import emit


async def split_family(
    session: AsyncSession, actor: Actor, kpm_id: UUID, terms: SplitTerms, *, version: int
) -> tuple[Kpm, Kpm]:
    """Move members to a new family, and return the old and the new one.

    Memberships in bansos stay with the old family. The pendamping of the old family accompanies the new one as well.

    Raises:
        NotFound, PendampingInactive, FamilyHasEnded, VersionOutdated, DateInTheFuture, MemberUnknown,
        PengurusNotLeaving, PengurusStays, PengurusTooYoung, NoMemberRemains, WilayahUnknown, WilayahNotVillage,
        RelocationBeyondArea, FileNotUploaded, NoKkKnown, NumberNotAccepted.
    """
    kpm = await lock_family_version(session, actor, kpm_id, version)
    members = await read_leaving_members(session, kpm, terms)
    require_village(actor, kode := terms.kode_wilayah or kpm.kode_wilayah)
    await require_evidence(session, terms.evidence_sha256, use_for(kpm, actor, EvidenceKind.PISAH_GABUNG))
    new = await create_family(session, actor, kpm, kode, terms)
    ends = [MemberEnd(member.anggota_id, EndReason.PISAH_KK, terms.on) for member in members]
    ended = {end.anggota_id: end for end in await end_members(session, ends, with_usaha=False)}
    detail = {"on": str(terms.on), "evidence_sha256": terms.evidence_sha256}
    origin = detail | {"split_from": str(kpm_id)}
    detail |= {"split_to": str(new.kpm_id), "members": [str(member.anggota_id) for member in members]}
    await change_family(session, kpm, actor, ("kpm", kpm_id), "SPLIT", "PISAH_KK", **detail)
    for member in members:
        await session.refresh(member)
        await move_member(session, member, ended[member.anggota_id], new.kpm_id)
        member.pengurus = member.anggota_id == terms.pengurus_id
    await register_family(session, actor, new, origin)
    for member in members:
        await move_usaha(session, member, new)
    await accompany_family(session, actor, kpm, new, terms)
    return kpm, new


async def register_family(session: AsyncSession, actor: Actor, new: Kpm, origin: dict[str, str]) -> None:
    """Append the new family to its history and emit it."""
    await session.flush()
    (facts,) = await recompute_facts(session, [new])
    emit(session, KpmRegistered.model_validate(facts))
    entry = (new.kpm_id, "kpm", new.kpm_id, "REGISTERED")
    await append_history(session, *entry, actor=actor, why="PISAH_KK", **origin)


async def accompany_family(
    session: AsyncSession, actor: Actor, old: Kpm, new: Kpm, terms: SplitTerms
) -> None:
    """Let the pendamping of the old family accompany the new one.

    The new dampingan counts to the limit, which does not refuse it.
    """
    today = await clock.today(session)
    rows = [row for row in await read_open_dampingan(session, old.kpm_id) if row.valid.contains(today)]
    await continue_dampingan(session, actor, new, rows, terms.on, why="PISAH_KK")
    await open_tugas(session, TugasKind.PUTUSKAN_KEPESERTAAN, new.kpm_id, old.kpm_id)


async def read_leaving_members(session: AsyncSession, kpm: Kpm, terms: SplitTerms) -> list[KpmAnggota]:
    """Lock and return the leaving members. The pengurus must remain."""
    require_not_future(terms.on, await clock.latest_today(session))
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
    chosen = next(member for member in members if member.anggota_id == terms.pengurus_id)
    own = [{"birth": one.birth_on.isoformat(), "married": one.married} for one in members]
    await require_adult(session, chosen, own, terms.on, "/body/pengurus_id")
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
    # The pendamping does not accompany the new family yet.
    await open_family_rows(session, kpm_id)
    new = Kpm(kpm_id=kpm_id, kode_wilayah=kode_wilayah, sealed_for=index, facts={}, version=1)
    new.address_as_of = new.contact_as_of = new.pengurus_as_of = await clock.today(session)
    session.add(new)
    await session.flush()
    card = {"kpm_no_kk_id": uuid7(), "kpm_id": kpm_id, "no_kk_index": index, "no_kk_sealed": sealed}
    await insert_card(session, actor, old, KpmNoKk(**card, valid=Range(terms.on, None)))
    return new
