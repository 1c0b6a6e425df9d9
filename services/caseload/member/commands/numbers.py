"""Corrections of a NIK, and changes of a family's card. Former numbers are kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.business.models import Usaha
from services.caseload.family.commands.changes import change_family, lock_family_version, lock_member
from services.caseload.family.commands.evidence import use_for
from services.caseload.family.models import Kpm, KpmAnggota, KpmNoKk
from services.caseload.identity.commands import seal_consented
from services.caseload.member.commands.taken_numbers import insert_card, refusal_of_nik
from services.caseload.member.errors import NikUnchanged, NoKkUnchanged
from services.caseload.member.models import NikHistory, NikTerms, NoKkTerms
from services.caseload.tables import Source
from shared import clock
from shared.access import Actor
from shared.database import refuse_violations, uuid7, vault_of
from shared.dates import require_not_future
from shared.evidence import EvidenceKind, require_evidence
from shared.privacy import Nik


@dataclass(frozen=True, slots=True)
class NikCorrection:
    """A person, the correct NIK, and the file or scan that proves it."""

    anggota_id: UUID
    nik: Nik
    evidence_sha256: str


async def correct_nik(
    session: AsyncSession, actor: Actor, kpm_id: UUID, anggota_id: UUID, terms: NikTerms, *, version: int
) -> KpmAnggota:
    """Correct the NIK of a member.

    The person stays the same, and the former number is kept.

    Raises:
        NotFound, PendampingInactive, FamilyHasEnded, VersionOutdated, MemberUnknown, FileNotUploaded, NikUnchanged,
        NikKnown, NumberNotAccepted.
    """
    kpm = await lock_family_version(session, actor, kpm_id, version)
    member = await lock_member(session, kpm_id, anggota_id)
    await require_evidence(session, terms.evidence_sha256, use_for(kpm, actor, EvidenceKind.KARTU))
    index = vault_of(session).index("nik", terms.nik)
    if index == member.nik_index:
        raise NikUnchanged("/body/nik")
    owner = await session.scalar(sa.select(KpmAnggota.kpm_id).where(KpmAnggota.nik_index == index))
    with refuse_violations(uq_kpm_anggota_nik_index=refusal_of_nik(actor, kpm_id, owner)):
        await correct_niks(session, [NikCorrection(anggota_id, terms.nik, terms.evidence_sha256)])
    member.as_of, member.source = await clock.today(session), Source.HTTP
    detail = {"evidence_sha256": terms.evidence_sha256}
    await change_family(session, kpm, actor, ("anggota", anggota_id), "NIK_CORRECTED", None, **detail)
    await seal_consented(session, [kpm_id])
    return member


async def correct_niks(session: AsyncSession, corrections: Sequence[NikCorrection]) -> None:
    """Replace the NIK of people and keep the former ones.

    What is sealed with the NIK is sealed again. The unique index of NIK refuses the number of somebody else.
    """
    vault, today = vault_of(session), await clock.today(session)
    for correction in corrections:
        member = await session.get_one(KpmAnggota, correction.anggota_id, populate_existing=True)
        # A child may have had no NIK.
        if member.nik_sealed is not None:
            session.add(
                NikHistory(
                    nik_history_id=uuid7(),
                    kpm_id=member.kpm_id,
                    anggota_id=member.anggota_id,
                    nik_index=member.nik_index,
                    nik_sealed=member.nik_sealed,
                    evidence_sha256=correction.evidence_sha256,
                    replaced_on=today,
                )
            )
        former, index = member.nik_index.hex(), vault.index("nik", correction.nik)
        name = vault.open(member.name_sealed, table="kpm_anggota", column="name", row_id=former)
        location = {"table": "kpm_anggota", "row_id": index.hex()}
        member.nik_index = index
        member.nik_sealed = vault.seal(correction.nik, column="nik", **location)
        member.name_sealed = vault.seal(name, column="name", **location)
        await reseal_nib(session, member, former)
    await session.flush()


async def reseal_nib(session: AsyncSession, member: KpmAnggota, former: str) -> None:
    """Seal the NIB of a person's businesses with the new NIK's index."""
    vault, location = vault_of(session), {"table": "usaha", "column": "nib"}
    statement = sa.select(Usaha).where(Usaha.anggota_id == member.anggota_id, Usaha.nib_sealed.is_not(None))
    for usaha in await session.scalars(statement):
        nib = vault.open(usaha.nib_sealed or b"", row_id=former, **location)
        usaha.nib_sealed = vault.seal(nib, row_id=member.nik_index.hex(), **location)


async def replace_card(
    session: AsyncSession, kpm_id: UUID, no_kk_index: bytes, no_kk_sealed: bytes, on: date
) -> KpmNoKk:
    """End the family's card on a day, and return the row of the next one.

    Raises:
        NoKkUnchanged: the family has this card.
    """
    first, current = on, sa.select(KpmNoKk).where(KpmNoKk.kpm_id == kpm_id, sa.func.upper_inf(KpmNoKk.valid))
    for card in (await session.scalars(current.with_for_update(key_share=True))).all():
        if card.no_kk_index == no_kk_index:
            raise NoKkUnchanged("/body/no_kk")
        # A card that is replaced on its first day keeps an empty range.
        first = max(first, card.valid_from)
        card.valid = Range(card.valid_from, first)
    await session.flush()
    numbers = {"no_kk_index": no_kk_index, "no_kk_sealed": no_kk_sealed}
    return KpmNoKk(kpm_no_kk_id=uuid7(), kpm_id=kpm_id, valid=Range(first), **numbers)


async def change_no_kk(
    session: AsyncSession, actor: Actor, kpm_id: UUID, terms: NoKkTerms, *, version: int
) -> Kpm:
    """Give a family another card from a day on. The former number is kept.

    Raises:
        NotFound, PendampingInactive, FamilyHasEnded, VersionOutdated, DateInTheFuture, FileNotUploaded, NoKkUnchanged,
        NoKkKnown, NumberNotAccepted.
    """
    kpm = await lock_family_version(session, actor, kpm_id, version)
    require_not_future(terms.on, await clock.latest_today(session))
    await require_evidence(session, terms.evidence_sha256, use_for(kpm, actor, EvidenceKind.KARTU))
    vault = vault_of(session)
    index = vault.index("no_kk", terms.no_kk)
    sealed = vault.seal(terms.no_kk, table="kpm_no_kk", column="no_kk", row_id=index.hex())
    card = await replace_card(session, kpm_id, index, sealed, terms.on)
    await insert_card(session, actor, kpm, card)
    detail = {"on": str(card.valid_from), "evidence_sha256": terms.evidence_sha256}
    await change_family(session, kpm, actor, ("kpm", kpm_id), "NO_KK_CHANGED", None, **detail)
    return kpm
