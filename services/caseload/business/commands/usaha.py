"""Businesses of members, and copies of rows before they are replaced."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.business.errors import TransferTooLate, UsahaHasEnded, UsahaKnown, UsahaNotTransferable
from services.caseload.business.models import Usaha, UsahaFacts, UsahaRule, UsahaTerms
from services.caseload.family.commands.changes import lock_member
from services.caseload.family.commands.evidence import use_for
from services.caseload.family.models import Kpm, KpmAnggota
from services.caseload.family.queries import read_current_family
from services.caseload.history import append_history
from services.caseload.tables import Source
from services.caseload.visibility import lock_families, lock_family
from shared import clock
from shared.access import Actor
from shared.contracts.caseload import UsahaRecorded
from shared.contracts.kinds import FamilyEndReason, UsahaEndReason
from shared.database import insert, load, raw, uuid7, vault_of
from shared.dates import require_not_future
from shared.errors import InvalidRange, NotFound, VersionOutdated
from shared.evidence import EvidenceKind, require_evidence
from shared.messaging import emit

COPY_ANGGOTA = """
INSERT INTO anggota_history (anggota_history_id, kpm_id, anggota_id, relation, end_reason, valid)
SELECT uuidv7(), kpm_id, anggota_id, relation, end_reason, daterange(joined_on, left_on) FROM kpm_anggota
WHERE anggota_id = ANY($1) AND left_on > joined_on
"""
OF_FORMER_OWNER = frozenset({UsahaEndReason.MENINGGAL, UsahaEndReason.KELUAR})
END_USAHA = """
UPDATE usaha u SET ended_on = e.on_day, end_reason = e.reason, version = u.version + 1, recorded_at = clock_timestamp()
FROM unnest($1::uuid[], $2::date[], $3::text[]) AS e(anggota_id, on_day, reason)
JOIN kpm_anggota a USING (anggota_id), kpm
WHERE u.anggota_id = e.anggota_id AND u.ended_on IS NULL AND kpm.kpm_id = u.kpm_id
RETURNING u.usaha_id, u.kpm_id, kpm.kode_wilayah, u.sector, u.started_on, u.omzet_rp, u.nib_sealed IS NOT NULL AS has_nib,
    u.has_letter, u.ended_on, u.end_reason, u.continues, a.anggota_id AS owner_id, a.sex AS owner_sex,
    extract(year FROM a.birth_on)::int AS owner_birth_year, a.married AS owner_married
"""
RUNNING_USAHA = "SELECT usaha_id FROM usaha WHERE anggota_id = ANY($1) AND ended_on IS NULL"
COPY_USAHA = """
INSERT INTO usaha_history (usaha_id, version, kpm_id, sector, started_on, omzet_rp, has_nib, has_letter, as_of, ended_on,
    end_reason, recorded_at)
SELECT usaha_id, version, kpm_id, sector, started_on, omzet_rp, nib_sealed IS NOT NULL, has_letter, as_of, ended_on,
    end_reason, recorded_at
FROM usaha WHERE usaha_id = ANY($1)
"""


async def store_anggota_history(connection: Any, anggota_ids: Sequence[UUID]) -> None:
    """Copy the former periods of members who join a family again."""
    await connection.execute(COPY_ANGGOTA, anggota_ids)


async def store_usaha_history(connection: Any, usaha_ids: Sequence[UUID]) -> None:
    """Copy businesses before they are revised."""
    await connection.execute(COPY_USAHA, usaha_ids)


async def end_businesses(
    session: AsyncSession, owners: Sequence[UUID], days: Sequence[date], reasons: Sequence[UsahaEndReason]
) -> list[tuple[UUID, UUID]]:
    """End the business of each owner on a day and emit it.

    Return anggota_id and usaha_id of each.
    """
    # Fast path: one statement for each table for the owners of a step (bench: intake).
    connection = await raw(session)
    running = [row["usaha_id"] for row in await connection.fetch(RUNNING_USAHA, owners)]
    if not running:
        return []
    await store_usaha_history(connection, running)
    rows = await connection.fetch(END_USAHA, owners, days, [reason.value for reason in reasons])
    for row in rows:
        emit(session, UsahaRecorded.model_validate(dict(row)))
    return [(row["owner_id"], row["usaha_id"]) for row in rows]


async def record_usaha(
    session: AsyncSession, actor: Actor, kpm_id: UUID, anggota_id: UUID, terms: UsahaTerms
) -> Usaha:
    """Record a member's business.

    Raises:
        NotFound, PendampingInactive, FamilyHasEnded, MemberUnknown, DateInTheFuture, UsahaKnown.
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
        NotFound, PendampingInactive, FamilyHasEnded, VersionOutdated, UsahaHasEnded, MemberUnknown, DateInTheFuture.
    """
    kpm, usaha, owner = await lock_usaha(session, actor, usaha_id, version)
    await check_days(session, terms)
    # Fast path: the database copies the previous version.
    await store_usaha_history(await raw(session), [usaha_id])
    usaha.sqlmodel_update(values_of(session, owner, terms))
    usaha.version, usaha.recorded_at = usaha.version + 1, datetime.now(UTC)
    await publish_usaha(session, actor, kpm, owner, usaha, "REVISED")
    return usaha


async def close_usaha(
    session: AsyncSession,
    actor: Actor,
    usaha_id: UUID,
    *,
    on: date,
    evidence_sha256: str | None,
    version: int,
) -> Usaha:
    """Close a business on a day. It counts for nothing from that day on.

    Raises:
        NotFound, PendampingInactive, FamilyHasEnded, VersionOutdated, UsahaHasEnded, MemberUnknown, DateInTheFuture,
        InvalidRange, FileNotUploaded.
    """
    kpm, usaha, owner = await lock_usaha(session, actor, usaha_id, version)
    await check_end_day(session, usaha, on)
    if evidence_sha256 is not None:
        await require_evidence(session, evidence_sha256, use_for(kpm, actor, EvidenceKind.USAHA, usaha_id))
    await end_usaha(session, usaha, UsahaEndReason.DITUTUP, on)
    await publish_usaha(session, actor, kpm, owner, usaha, "ENDED", evidence_sha256=evidence_sha256)
    return usaha


async def transfer_usaha(
    session: AsyncSession, actor: Actor, usaha_id: UUID, *, anggota_id: UUID, on: date, version: int
) -> Usaha:
    """Open the business of a new owner that continues another person's.

    It keeps the first day. The new owner may live in another family, which the actor must be allowed to change too.
    A living owner's business ends on that day (DIALIHKAN). The NIB belongs to the former owner and is not taken over.

    Raises:
        NotFound, PendampingInactive, FamilyHasEnded, VersionOutdated, MemberUnknown, DateInTheFuture, InvalidRange,
        UsahaNotTransferable, TransferTooLate, UsahaKnown.
    """
    home_id = await read_current_family(session, KpmAnggota.anggota_id == anggota_id)
    kpm, old, home = await lock_usaha_row(session, actor, usaha_id, version, home_id)
    owner, today = await lock_member(session, home.kpm_id, anggota_id), await clock.today(session)
    await check_end_day(session, old, on)
    if old.ended_on is None:
        former = await lock_member(session, kpm.kpm_id, old.anggota_id, "/path/usaha_id")
        await end_usaha(session, old, UsahaEndReason.DIALIHKAN, on)
        await publish_usaha(session, actor, kpm, former, old, "ENDED")
    elif old.end_reason not in OF_FORMER_OWNER:
        raise UsahaNotTransferable
    elif today > (until := old.ended_on + timedelta(days=await read_transfer_days(session, today))):
        raise TransferTooLate(ended_on=old.ended_on, until=until)
    names = ("sector", "started_on", "omzet_rp", "has_letter", "as_of")
    ids = {"usaha_id": uuid7(), "kpm_id": home.kpm_id, "anggota_id": anggota_id, "continues": usaha_id}
    usaha = Usaha(**ids, **{name: getattr(old, name) for name in names})
    known = UsahaKnown("/body/anggota_id")
    await insert(session, usaha, uq_usaha_anggota_id=known, uq_usaha_continues=UsahaNotTransferable())
    await publish_usaha(session, actor, home, owner, usaha, "TRANSFERRED", before=str(usaha_id), on=str(on))
    return usaha


async def read_transfer_days(session: AsyncSession, day: date) -> int:
    """Return within how many days a business is transferred.

    The migration makes sure that a rule is in force.
    """
    rule = sa.select(UsahaRule.transfer_days).where(UsahaRule.valid.contains(day))
    return (await session.execute(rule)).scalar_one()


async def end_usaha(session: AsyncSession, usaha: Usaha, reason: UsahaEndReason, on: date) -> None:
    """Set the end of a business and store its previous version."""
    # Fast path: the database copies the previous version.
    await store_usaha_history(await raw(session), [usaha.usaha_id])
    usaha.ended_on, usaha.end_reason = on, reason
    usaha.version, usaha.recorded_at = usaha.version + 1, datetime.now(UTC)


async def lock_usaha(
    session: AsyncSession, actor: Actor, usaha_id: UUID, version: int
) -> tuple[Kpm, Usaha, KpmAnggota]:
    """Lock a running business with its family and owner, if it has the given version.

    Raises:
        NotFound, PendampingInactive, FamilyHasEnded, VersionOutdated, UsahaHasEnded, MemberUnknown.
    """
    kpm, usaha, _ = await lock_usaha_row(session, actor, usaha_id, version)
    if usaha.ended_on is not None:
        raise UsahaHasEnded(ended_on=usaha.ended_on)
    return kpm, usaha, await lock_member(session, kpm.kpm_id, usaha.anggota_id, "/path/usaha_id")


async def lock_usaha_row(
    session: AsyncSession, actor: Actor, usaha_id: UUID, version: int, home_id: UUID | None = None
) -> tuple[Kpm, Usaha, Kpm]:
    """Lock a business of a version, its family and the family that takes it over.

    Only a business that another family takes over may belong to a family that has ended.
    """
    kpm_id = await session.scalar(sa.select(Usaha.kpm_id).where(Usaha.usaha_id == usaha_id))
    if kpm_id is None:
        raise NotFound("usaha")
    ended = FamilyEndReason.known() if home_id not in {None, kpm_id} else ()
    kpm, home = await lock_families(session, actor, kpm_id, home_id, ended=ended)
    usaha = await load(session, Usaha, usaha_id, noun="usaha")
    if usaha.version != version:
        raise VersionOutdated("/header/If-Match")
    return kpm, usaha, home or kpm


async def reopen_usaha(
    session: AsyncSession, actor: Actor, kpm: Kpm, owner: KpmAnggota, usaha_id: UUID
) -> None:
    """Undo the end of a business, unless another member continues it."""
    continued = sa.exists().where(Usaha.continues == usaha_id)
    usaha = await session.get(Usaha, usaha_id, with_for_update={"key_share": True}, populate_existing=True)
    if usaha is None or usaha.ended_on is None or await session.scalar(sa.select(continued)):
        return
    # Fast path: the database copies the previous version.
    await store_usaha_history(await raw(session), [usaha_id])
    usaha.ended_on = usaha.end_reason = None
    usaha.version, usaha.recorded_at = usaha.version + 1, datetime.now(UTC)
    await publish_usaha(session, actor, kpm, owner, usaha, "REOPENED")


async def check_end_day(session: AsyncSession, usaha: Usaha, on: date) -> None:
    """Raise DateInTheFuture or InvalidRange if a business cannot end on a day."""
    require_not_future(on, await clock.latest_today(session))
    if on < usaha.started_on:
        raise InvalidRange("/body/on", valid_from=usaha.started_on, valid_to=on)


async def emit_usaha_of(session: AsyncSession, kpm: Kpm, owner: KpmAnggota) -> None:
    """Emit a member's business again, because facts of its owner have changed."""
    running = sa.select(Usaha).where(Usaha.anggota_id == owner.anggota_id, Usaha.ended_on.is_(None))
    usaha = await session.scalar(running)
    if usaha is not None:
        emit(session, to_usaha_event(usaha, owner, kpm.kode_wilayah))


async def check_days(session: AsyncSession, terms: UsahaTerms) -> None:
    """Raise DateInTheFuture if the business starts or is described after today."""
    require_not_future(terms.started_on, await clock.latest_today(session), "/body/started_on")
    require_not_future(terms.as_of, await clock.latest_today(session), "/body/as_of")


def values_of(session: AsyncSession, owner: KpmAnggota, terms: UsahaTerms) -> dict[str, Any]:
    """Return the columns that a request sets. Null clears the NIB."""
    values = {name: getattr(terms, name) for name in (*UsahaFacts.model_fields, "as_of")}
    values["source"] = Source.HTTP
    if terms.nib is None:
        return values | ({"nib_sealed": None} if "nib" in terms.model_fields_set else {})
    location = {"table": "usaha", "column": "nib", "row_id": owner.nik_index.hex()}
    return values | {"nib_sealed": vault_of(session).seal(terms.nib, **location)}


async def publish_usaha(
    session: AsyncSession, actor: Actor, kpm: Kpm, owner: KpmAnggota, usaha: Usaha, act: str, **more: Any
) -> None:
    """Append a business to the history and emit it."""
    await session.flush()
    entry = (kpm.kpm_id, "usaha", usaha.usaha_id, act)
    days = {name: str(day) for name in ("as_of", "ended_on") if (day := getattr(usaha, name))}
    detail = {"version": usaha.version, "omzet_rp": usaha.omzet_rp} | days | more
    await append_history(session, *entry, actor=actor, why=None, **detail)
    emit(session, to_usaha_event(usaha, owner, kpm.kode_wilayah))


def to_usaha_event(usaha: Usaha, owner: KpmAnggota, kode_wilayah: str) -> UsahaRecorded:
    """Return the event of a business, without the name and NIK of its owner."""
    return UsahaRecorded.of(
        usaha,
        kode_wilayah=kode_wilayah,
        owner_id=owner.anggota_id,
        owner_sex=owner.sex,
        owner_birth_year=owner.birth_on.year,
        owner_married=owner.married,
        has_nib=usaha.nib_sealed is not None,
    )
