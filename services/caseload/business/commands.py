"""Businesses of members, and copies of rows before they are replaced."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.business.errors import UsahaKnown
from services.caseload.business.models import Usaha, UsahaFacts, UsahaTerms
from services.caseload.family.commands.changes import lock_member
from services.caseload.family.models import Kpm, KpmAnggota
from services.caseload.history import append_history
from services.caseload.visibility import lock_family
from shared import clock
from shared.access import Actor
from shared.contracts.caseload import UsahaRecorded
from shared.database import insert, load, raw, uuid7, vault_of
from shared.dates import require_not_future
from shared.errors import NotFound, VersionOutdated
from shared.messaging import emit

COPY_ANGGOTA = """
INSERT INTO anggota_history (anggota_history_id, kpm_id, anggota_id, relation, end_reason, valid)
SELECT uuidv7(), kpm_id, anggota_id, relation, end_reason, daterange(joined_on, left_on) FROM kpm_anggota
WHERE anggota_id = ANY($1) AND left_on > joined_on
"""
COPY_USAHA = """
INSERT INTO usaha_history (usaha_id, version, kpm_id, sector, started_on, omzet_rp, has_nib, has_letter, as_of, recorded_at)
SELECT usaha_id, version, kpm_id, sector, started_on, omzet_rp, nib_sealed IS NOT NULL, has_letter, as_of, recorded_at
FROM usaha WHERE usaha_id = ANY($1)
"""


async def store_anggota_history(connection: Any, anggota_ids: Sequence[UUID]) -> None:
    """Copy the former periods of members who join a family again."""
    await connection.execute(COPY_ANGGOTA, anggota_ids)


async def store_usaha_history(connection: Any, usaha_ids: Sequence[UUID]) -> None:
    """Copy businesses before they are revised."""
    await connection.execute(COPY_USAHA, usaha_ids)


async def record_usaha(
    session: AsyncSession, actor: Actor, kpm_id: UUID, anggota_id: UUID, terms: UsahaTerms
) -> Usaha:
    """Record a member's business.

    Raises:
        NotFound, PendampingInactive, MemberUnknown, DateInTheFuture, UsahaKnown.
    """
    family = await lock_family(session, actor, kpm_id)
    owner = await lock_member(session, kpm_id, anggota_id)
    await check_days(session, terms)
    ids = {"usaha_id": uuid7(), "kpm_id": kpm_id, "anggota_id": anggota_id}
    usaha = Usaha(**ids, **values_of(session, owner, terms))
    await insert(session, usaha, uq_usaha_anggota_id=UsahaKnown("/body/anggota_id"))
    await publish_usaha(session, actor, family.kpm, owner, usaha, "RECORDED")
    return usaha


async def revise_usaha(
    session: AsyncSession, actor: Actor, usaha_id: UUID, terms: UsahaTerms, *, version: int
) -> Usaha:
    """Revise a business. Previous versions stay readable.

    Raises:
        NotFound, PendampingInactive, VersionOutdated, MemberUnknown, DateInTheFuture.
    """
    kpm_id = await session.scalar(sa.select(Usaha.kpm_id).where(Usaha.usaha_id == usaha_id))
    if kpm_id is None:
        raise NotFound("usaha")
    family = await lock_family(session, actor, kpm_id)
    usaha = await load(session, Usaha, usaha_id, noun="usaha")
    if usaha.version != version:
        raise VersionOutdated("/header/If-Match")
    owner = await lock_member(session, kpm_id, usaha.anggota_id, "/path/usaha_id")
    await check_days(session, terms)
    # Fast path: the database copies the previous version.
    await store_usaha_history(await raw(session), [usaha_id])
    usaha.sqlmodel_update(values_of(session, owner, terms))
    usaha.version, usaha.recorded_at = usaha.version + 1, datetime.now(UTC)
    await publish_usaha(session, actor, family.kpm, owner, usaha, "REVISED")
    return usaha


async def check_days(session: AsyncSession, terms: UsahaTerms) -> None:
    """Raise DateInTheFuture if the business starts or is described after today."""
    require_not_future(terms.started_on, await clock.today(session), "/body/started_on")
    require_not_future(terms.as_of, await clock.today(session), "/body/as_of")


def values_of(session: AsyncSession, owner: KpmAnggota, terms: UsahaTerms) -> dict[str, Any]:
    """Return the columns that a request sets. Without a NIB, the stored one stays."""
    values = {name: getattr(terms, name) for name in (*UsahaFacts.model_fields, "as_of")}
    if terms.nib is None:
        return values
    location = {"table": "usaha", "column": "nib", "row_id": owner.nik_index.hex()}
    return values | {"nib_sealed": vault_of(session).seal(terms.nib, **location)}


async def publish_usaha(
    session: AsyncSession, actor: Actor, kpm: Kpm, owner: KpmAnggota, usaha: Usaha, act: str
) -> None:
    """Append a business to the history and emit it."""
    await session.flush()
    entry = (kpm.kpm_id, "usaha", usaha.usaha_id, act)
    detail = {"version": usaha.version, "omzet_rp": usaha.omzet_rp, "as_of": usaha.as_of and str(usaha.as_of)}
    await append_history(session, *entry, who=actor.person, why=None, **detail)
    emit(session, to_usaha_event(usaha, owner, kpm.kode_wilayah))


def to_usaha_event(usaha: Usaha, owner: KpmAnggota, kode_wilayah: str) -> UsahaRecorded:
    """Return the event of a business.

    Of its owner it has only sex, birth year and marriage.
    """
    return UsahaRecorded.of(
        usaha,
        kode_wilayah=kode_wilayah,
        owner_sex=owner.sex,
        owner_birth_year=owner.birth_on.year,
        owner_married=owner.married,
        has_nib=usaha.nib_sealed is not None,
    )
