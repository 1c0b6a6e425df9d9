"""What is about to be replaced is kept first: where somebody belonged, what a business was."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.business.errors import UsahaKnown
from services.caseload.business.models import Usaha, UsahaFacts, UsahaTerms
from services.caseload.family.commands.changes import member_of
from services.caseload.family.models import Kpm, KpmAnggota
from services.caseload.history import remember
from services.caseload.visibility import family_in_hand
from shared import clock
from shared.access import Actor
from shared.contracts.caseload import UsahaRecorded
from shared.database import insert, load, raw, uuid7, vault_of
from shared.dates import require_past
from shared.errors import LostRace, NotFound
from shared.messaging import emit

ANGGOTA = """
INSERT INTO anggota_past (anggota_past_id, kpm_id, anggota_id, relation, end_reason, valid)
SELECT uuidv7(), kpm_id, anggota_id, relation, end_reason, daterange(joined_on, left_on) FROM kpm_anggota
WHERE anggota_id = ANY($1) AND left_on > joined_on
"""
USAHA = """
INSERT INTO usaha_past (usaha_id, version, kpm_id, sector, started_on, omzet_rp, has_nib, has_letter, as_of, recorded_at)
SELECT usaha_id, version, kpm_id, sector, started_on, omzet_rp, nib_sealed IS NOT NULL, has_letter, as_of, recorded_at
FROM usaha WHERE usaha_id = ANY($1)
"""


async def keep_anggota(connection: Any, anggota_ids: Sequence[UUID]) -> None:
    """Keep the days of those who had left and now belong somewhere again."""
    await connection.execute(ANGGOTA, anggota_ids)


async def keep_usaha(connection: Any, usaha_ids: Sequence[UUID]) -> None:
    """Keep businesses as they are, before they are revised."""
    await connection.execute(USAHA, usaha_ids)


async def record_usaha(
    session: AsyncSession, actor: Actor, kpm_id: UUID, anggota_id: UUID, terms: UsahaTerms
) -> Usaha:
    """Record a member's business.

    Raises:
        NotFound, PendampingInactive, MemberUnknown, DateInTheFuture, UsahaKnown.
    """
    held = await family_in_hand(session, actor, kpm_id)
    owner = await member_of(session, kpm_id, anggota_id)
    await check_days(session, terms)
    ids = {"usaha_id": uuid7(), "kpm_id": kpm_id, "anggota_id": anggota_id}
    usaha = Usaha(**ids, **values_of(session, owner, terms))
    await insert(session, usaha, uq_usaha_anggota_id=UsahaKnown("/body/anggota_id"))
    await tell(session, actor, held.kpm, owner, usaha, "RECORDED")
    return usaha


async def revise_usaha(
    session: AsyncSession, actor: Actor, usaha_id: UUID, terms: UsahaTerms, *, version: int
) -> Usaha:
    """Replace what is known of a business; what it was stays readable.

    Raises:
        NotFound, PendampingInactive, LostRace, MemberUnknown, DateInTheFuture.
    """
    kpm_id = await session.scalar(sa.select(Usaha.kpm_id).where(Usaha.usaha_id == usaha_id))
    if kpm_id is None:
        raise NotFound("usaha")
    held = await family_in_hand(session, actor, kpm_id)
    usaha = await load(session, Usaha, usaha_id, noun="usaha")
    if usaha.version != version:
        raise LostRace("/header/If-Match")
    owner = await member_of(session, kpm_id, usaha.anggota_id, "/path/usaha_id")
    await check_days(session, terms)
    # Fast path: the business's history is copied by the database.
    await keep_usaha(await raw(session), [usaha_id])
    usaha.sqlmodel_update(values_of(session, owner, terms))
    usaha.version, usaha.recorded_at = usaha.version + 1, datetime.now(UTC)
    await tell(session, actor, held.kpm, owner, usaha, "REVISED")
    return usaha


async def check_days(session: AsyncSession, terms: UsahaTerms) -> None:
    """Raise DateInTheFuture of a business that has not begun."""
    require_past(terms.started_on, await clock.today(session), "/body/started_on")
    require_past(terms.as_of, await clock.today(session), "/body/as_of")


def values_of(session: AsyncSession, owner: KpmAnggota, terms: UsahaTerms) -> dict[str, Any]:
    """Return the columns that a request sets. Without a NIB the stored one stays."""
    values = {name: getattr(terms, name) for name in (*UsahaFacts.model_fields, "as_of")}
    if terms.nib is None:
        return values
    place = {"table": "usaha", "column": "nib", "row_id": owner.nik_index.hex()}
    return values | {"nib_sealed": vault_of(session).seal(terms.nib, **place)}


async def tell(
    session: AsyncSession, actor: Actor, kpm: Kpm, owner: KpmAnggota, usaha: Usaha, act: str
) -> None:
    """Add it to the history, and tell what graduation scores and referral's rules read."""
    await session.flush()
    place = (kpm.kpm_id, "usaha", usaha.usaha_id, act)
    kept = {"version": usaha.version, "omzet_rp": usaha.omzet_rp, "as_of": usaha.as_of and str(usaha.as_of)}
    await remember(session, *place, who=actor.person, why=None, **kept)
    emit(session, word_of(usaha, owner, kpm.kode_wilayah))


def word_of(usaha: Usaha, owner: KpmAnggota, kode_wilayah: str) -> UsahaRecorded:
    """Return what others are told of a business: its owner by sex, year of birth and marriage alone."""
    return UsahaRecorded.of(
        usaha,
        kode_wilayah=kode_wilayah,
        owner_sex=owner.sex,
        owner_birth_year=owner.birth_on.year,
        owner_married=owner.married,
        has_nib=usaha.nib_sealed is not None,
    )
