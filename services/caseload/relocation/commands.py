"""Move of a family to another area."""

from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.dampingan.commands.assignment import continue_dampingan
from services.caseload.dampingan.commands.ends import end_all_dampingan, read_open_dampingan
from services.caseload.dampingan.commands.gap import open_gap_if_unaccompanied
from services.caseload.dampingan.models import Dampingan, GapCause
from services.caseload.family.commands.changes import change_family, lock_family_version
from services.caseload.family.commands.evidence import use_for
from services.caseload.family.models import Kpm, KpmHistory, KpmNoKk
from services.caseload.relocation.errors import (
    MovedSince,
    MoveNotLast,
    RelocationBeyondArea,
    WilayahNotVillage,
    WilayahUnchanged,
)
from services.caseload.relocation.models import WilayahHistory
from services.caseload.replicas.models import WilayahTugas
from services.caseload.tables import Source
from shared import clock, wilayah
from shared.access import Actor
from shared.contracts.kinds import FamilyEndReason
from shared.database import uuid7, vault_of
from shared.dates import day_of, require_not_future
from shared.evidence import EvidenceKind, move_flags, require_evidence
from shared.validity import covers

MOVED = "PINDAH_WILAYAH"


async def move_family(
    session: AsyncSession,
    actor: Actor,
    kpm_id: UUID,
    *,
    kode_wilayah: str,
    address: str | None,
    on: date,
    evidence_sha256: str,
    version: int,
) -> Kpm:
    """Move a family to another area from a day on.

    Memberships continue. A dampingan ends if its placement does not cover the new area.

    Raises:
        NotFound, VersionOutdated, DateInTheFuture, WilayahUnknown, WilayahNotVillage, WilayahUnchanged,
        RelocationBeyondArea, FileNotUploaded, MovedSince.
    """
    kpm = await lock_family_version(session, actor, kpm_id, version)
    require_not_future(on, await clock.latest_today(session))
    require_village(actor, kode_wilayah)
    if kode_wilayah == kpm.kode_wilayah:
        raise WilayahUnchanged("/body/kode_wilayah")
    await require_evidence(session, evidence_sha256, use_for(kpm, actor, EvidenceKind.PINDAH))
    before = kpm.kode_wilayah
    await store_former_area(session, kpm, on, evidence_sha256)
    kpm.kode_wilayah = kode_wilayah
    await move_flags(session, kpm_id, kode_wilayah)
    kpm.address_as_of, kpm.address_source = await clock.today(session), Source.HTTP
    location = {"table": "kpm", "column": "address", "row_id": kpm.sealed_for.hex()}
    kpm.address_sealed = vault_of(session).seal(address, **location) if address else None
    detail = {"on": str(on), "before": before, "evidence_sha256": evidence_sha256}
    await change_family(session, kpm, actor, ("kpm", kpm_id), "MOVED", None, **detail)
    await end_uncovered_dampingan(session, actor, kpm)
    return kpm


def require_village(actor: Actor, kode_wilayah: str) -> None:
    """Raise WilayahUnknown, WilayahNotVillage or RelocationBeyondArea for an invalid target area."""
    wilayah.require(kode_wilayah, "/body/kode_wilayah")
    if wilayah.level(kode_wilayah) != wilayah.VILLAGE:
        raise WilayahNotVillage("/body/kode_wilayah", kode_wilayah=kode_wilayah)
    if not actor.covers(kode_wilayah):
        raise RelocationBeyondArea("/body/kode_wilayah")


async def store_former_area(session: AsyncSession, kpm: Kpm, on: date, evidence_sha256: str) -> None:
    """Store the family's area and address up to a day.

    The period starts on the day of its last move or its registration.
    """
    moved_on = await read_last_move(session, kpm.kpm_id)
    if moved_on is not None and on <= moved_on:
        raise MovedSince("/body/on", since=moved_on)
    first = moved_on or min(await read_registered_on(session, kpm, on), on - timedelta(days=1))
    past_id, vault = uuid7(), vault_of(session)
    sealed, location = kpm.address_sealed, {"table": "kpm", "column": "address"}
    address = sealed and vault.open(sealed, row_id=kpm.sealed_for.hex(), **location)
    location["table"] = "wilayah_history"
    session.add(
        WilayahHistory(
            wilayah_history_id=past_id,
            kpm_id=kpm.kpm_id,
            kode_wilayah=kpm.kode_wilayah,
            address_sealed=vault.seal(address, row_id=past_id, **location) if address else None,
            evidence_sha256=evidence_sha256,
            valid=Range(first, on),
        )
    )


async def read_last_move(session: AsyncSession, kpm_id: UUID) -> date | None:
    """Return the day of the family's last move, None without one."""
    last = sa.select(sa.func.max(WilayahHistory.valid_to)).where(
        WilayahHistory.kpm_id == kpm_id, WilayahHistory.voided_on.is_(None)
    )
    return await session.scalar(last)


async def read_registered_on(session: AsyncSession, kpm: Kpm, default: date) -> date:
    """Return the first day of the family's first card, or the default without a card."""
    first = sa.select(sa.func.min(KpmNoKk.valid_from)).where(KpmNoKk.kpm_id == kpm.kpm_id)
    return await session.scalar(first) or default


async def end_uncovered_dampingan(session: AsyncSession, actor: Actor, kpm: Kpm) -> None:
    """End each dampingan whose placement does not cover the new area."""
    today, uncovered = await clock.today(session), list[Dampingan]()
    for dampingan in await read_open_dampingan(session, kpm.kpm_id):
        of_placement = sa.select(WilayahTugas).where(WilayahTugas.penugasan_id == dampingan.penugasan_id)
        areas = await session.scalars(of_placement)
        if not any(
            covers(area.valid_from, area.valid_to, today)
            and wilayah.is_within(kpm.kode_wilayah, area.kode_wilayah)
            for area in areas
        ):
            uncovered.append(dampingan)
    await end_all_dampingan(session, actor, uncovered, reason=MOVED)


async def void_move(
    session: AsyncSession, actor: Actor, kpm_id: UUID, *, on: date, reason: str, version: int
) -> Kpm:
    """Void the family's last move, which was recorded in error.

    The dampingan that the move ended begin again today, if nobody else accompanies the family.

    Raises:
        NotFound, PendampingInactive, VersionOutdated, MoveNotLast, RelocationBeyondArea.
    """
    kpm = await lock_family_version(session, actor, kpm_id, version, ended=FamilyEndReason.known())
    former = await read_move(session, kpm_id, on)
    if not actor.covers(former.kode_wilayah):
        raise RelocationBeyondArea("/body/on")
    ended = await read_ended_by_move(session, kpm_id)
    before, today, vault = kpm.kode_wilayah, await clock.today(session), vault_of(session)
    sealed, location = former.address_sealed, {"table": "kpm", "column": "address"}
    past = {"table": "wilayah_history", "column": "address", "row_id": former.wilayah_history_id}
    address = vault.open(sealed, **past) if sealed else None
    kpm.kode_wilayah, former.voided_on = former.kode_wilayah, today
    kpm.address_sealed = vault.seal(address, row_id=kpm.sealed_for.hex(), **location) if address else None
    kpm.address_as_of, kpm.address_source = today, Source.HTTP
    await move_flags(session, kpm_id, kpm.kode_wilayah)
    detail = {"on": str(on), "before": before}
    await change_family(session, kpm, actor, ("kpm", kpm_id), "MOVE_VOIDED", reason, **detail)
    if kpm.ended_on is None:
        await restore_accompaniment(session, actor, kpm, ended)
    return kpm


async def restore_accompaniment(
    session: AsyncSession, actor: Actor, kpm: Kpm, ended: Sequence[Dampingan]
) -> None:
    """Start the dampingan again that a voided move ended, unless the family has others."""
    await end_uncovered_dampingan(session, actor, kpm)
    kpm_id, today = kpm.kpm_id, await clock.today(session)
    kinds = {row.kind for row in await read_open_dampingan(session, kpm_id) if row not in ended}
    for row in ended:
        if row.kind not in kinds:
            first = max(today, row.valid_to or today)
            await continue_dampingan(session, actor, kpm, [row], first, why="MOVE_VOIDED")
    await open_gap_if_unaccompanied(session, kpm_id, GapCause.DAMPINGAN_DIAKHIRI)


async def read_move(session: AsyncSession, kpm_id: UUID, on: date) -> WilayahHistory:
    """Return the area before the last move of a family, or raise MoveNotLast."""
    moves = sa.select(WilayahHistory).where(
        WilayahHistory.kpm_id == kpm_id, WilayahHistory.voided_on.is_(None)
    )
    last = (await session.scalars(moves.order_by(WilayahHistory.valid_to.desc()).limit(1))).one_or_none()
    if last is None or last.valid_to != on:
        raise MoveNotLast("/body/on", on=on)
    return last


async def read_ended_by_move(session: AsyncSession, kpm_id: UUID) -> Sequence[Dampingan]:
    """Return the dampingan that the recording of the family's last move ended."""
    moved = sa.select(sa.func.max(KpmHistory.occurred_at)).where(
        KpmHistory.kpm_id == kpm_id, KpmHistory.act == "MOVED"
    )
    recorded_at = await session.scalar(moved)
    statement = sa.select(Dampingan).where(Dampingan.kpm_id == kpm_id, Dampingan.reason == MOVED)
    rows = (await session.scalars(statement.order_by(Dampingan.dampingan_id))).all()
    first = recorded_at and day_of(recorded_at)
    return [row for row in rows if first and row.valid_to and row.valid_to >= first]
