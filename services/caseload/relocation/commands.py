"""A family moves: where it lived stays readable, and who may not work at the new place accompanies it no longer."""

from datetime import date, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.dampingan.commands.ending import end_dampingan
from services.caseload.dampingan.models import Dampingan
from services.caseload.family.commands.changes import change_family, edited_family
from services.caseload.family.models import Kpm, KpmNoKk, WilayahPast
from services.caseload.relocation.errors import (
    MovedSince,
    RelocationBeyondArea,
    RelocationNowhere,
    WilayahNotVillage,
)
from services.caseload.replicas.models import WilayahTugas
from shared import clock, wilayah
from shared.access import Actor
from shared.database import uuid7, vault_of
from shared.dates import require_past
from shared.files import require_evidence
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
    """Let a family live elsewhere from a day on; memberships go on, the PKH dampingan where its area allows.

    Raises:
        NotFound, LostRace, DateInTheFuture, WilayahUnknown, WilayahNotVillage, RelocationNowhere, RelocationBeyondArea, FileNotUploaded,
        MovedSince.
    """
    kpm = await edited_family(session, actor, kpm_id, version)
    require_past(on, await clock.today(session))
    require_village(actor, kode_wilayah)
    if kode_wilayah == kpm.kode_wilayah:
        raise RelocationNowhere("/body/kode_wilayah")
    await require_evidence(session, evidence_sha256)
    before = kpm.kode_wilayah
    await keep_wilayah(session, kpm, on, evidence_sha256)
    kpm.kode_wilayah = kode_wilayah
    place = {"table": "kpm", "column": "address", "row_id": kpm.sealed_for.hex()}
    kpm.address_sealed = vault_of(session).seal(address, **place) if address else None
    kept = {"on": str(on), "before": before, "evidence_sha256": evidence_sha256}
    await change_family(session, kpm, actor, ("kpm", kpm_id), "MOVED", None, **kept)
    await leave_to_others(session, actor, kpm)
    return kpm


def require_village(actor: Actor, kode_wilayah: str) -> None:
    """Raise WilayahUnknown, WilayahNotVillage or RelocationBeyondArea where the caller cannot let a family live."""
    wilayah.require(kode_wilayah, "/body/kode_wilayah")
    if wilayah.level(kode_wilayah) != wilayah.VILLAGE:
        raise WilayahNotVillage("/body/kode_wilayah", kode_wilayah=kode_wilayah)
    if not actor.covers(kode_wilayah):
        raise RelocationBeyondArea("/body/kode_wilayah")


async def keep_wilayah(session: AsyncSession, kpm: Kpm, on: date, evidence_sha256: str) -> None:
    """Keep where the family lived, from its last move, or from when it was taken in, up to a day."""
    moved = await last_move(session, kpm.kpm_id)
    if moved is not None and on <= moved:
        raise MovedSince("/body/on", since=moved)
    first = moved or min(await known_since(session, kpm, on), on - timedelta(days=1))
    past_id, vault = uuid7(), vault_of(session)
    sealed, place = kpm.address_sealed, {"table": "kpm", "column": "address"}
    address = sealed and vault.open(sealed, row_id=kpm.sealed_for.hex(), **place)
    place["table"] = "wilayah_past"
    session.add(
        WilayahPast(
            wilayah_past_id=past_id,
            kpm_id=kpm.kpm_id,
            kode_wilayah=kpm.kode_wilayah,
            address_sealed=vault.seal(address, row_id=past_id, **place) if address else None,
            evidence_sha256=evidence_sha256,
            valid=Range(first, on),
        )
    )


async def last_move(session: AsyncSession, kpm_id: UUID) -> date | None:
    """Return the day on which the family last moved, if it ever did."""
    last = sa.select(sa.func.max(WilayahPast.valid_to)).where(WilayahPast.kpm_id == kpm_id)
    return await session.scalar(last)


async def known_since(session: AsyncSession, kpm: Kpm, otherwise: date) -> date:
    """Return the business day on which the family came here with its first card."""
    first = sa.select(sa.func.min(KpmNoKk.valid_from)).where(KpmNoKk.kpm_id == kpm.kpm_id)
    return await session.scalar(first) or otherwise


async def leave_to_others(session: AsyncSession, actor: Actor, kpm: Kpm) -> None:
    """End the dampingan whose placements do not cover the new area; a gap opens, and a task to close it."""
    today = await clock.today(session)
    going_on = sa.select(Dampingan).where(
        Dampingan.kpm_id == kpm.kpm_id,
        ~Dampingan.ended,
        sa.func.coalesce(Dampingan.valid_to > today, True),
    )
    for dampingan in (await session.scalars(going_on)).all():
        areas = sa.select(WilayahTugas).where(WilayahTugas.penugasan_id == dampingan.penugasan_id)
        found = await session.scalars(areas)
        if not any(
            covers(area.valid_from, area.valid_to, today)
            and wilayah.is_within(kpm.kode_wilayah, area.kode_wilayah)
            for area in found
        ):
            ends = max(today, dampingan.valid_from + timedelta(days=1))
            if dampingan.valid_to is not None and dampingan.valid_to <= ends:
                continue
            await end_dampingan(session, actor, dampingan.dampingan_id, valid_to=ends, reason=MOVED)
