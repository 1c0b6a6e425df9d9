"""Home visits, as the pendamping hands them in (domain.md 3.2)."""

from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.errors import (
    KunjunganAlreadyRecorded,
    NotAccompanied,
    PendampingNotActive,
)
from services.caseload.models import Dampingan, Kpm, Kunjungan, KunjunganPurpose, Pendamping
from shared import clock
from shared.access import Actor
from shared.contracts.caseload import KunjunganRecorded
from shared.contracts.kinds import PendampingStatus
from shared.database import constraint_of, uuid7, vault_of
from shared.errors import DateInTheFuture, NotAllowed, NotFound
from shared.messaging import emit


async def record_kunjungan(
    session: AsyncSession,
    actor: Actor,
    *,
    kpm_id: UUID,
    visited_on: date,
    purpose: KunjunganPurpose,
    findings: str,
    next_action: str | None,
) -> Kunjungan:
    """Hand in a visit to a family that one accompanied on that day; what was found is sealed.

    Raises:
        NotAllowed, NotFound, DateInTheFuture, PendampingNotActive, NotAccompanied, KunjunganAlreadyRecorded.
    """
    if (today := await clock.today(session)) < visited_on:
        raise DateInTheFuture("/body/visited_on", on=visited_on, today=today)
    kpm, dampingan = await accompanied(session, actor, kpm_id, visited_on, today)
    kunjungan_id, vault = uuid7(), vault_of(session)
    place = {"table": "kunjungan", "row_id": kunjungan_id}
    kunjungan = Kunjungan(
        kunjungan_id=kunjungan_id,
        kpm_id=kpm_id,
        dampingan_id=dampingan.dampingan_id,
        pendamping_id=dampingan.pendamping_id,
        penugasan_id=dampingan.penugasan_id,
        purpose=purpose,
        visited_on=visited_on,
        findings_sealed=vault.seal(findings, column="findings", **place),
        next_action_sealed=vault.seal(next_action, column="next_action", **place) if next_action else None,
        recorded_by=actor.sub,
    )
    await insert_or_refuse(session, kunjungan)
    emit(session, told(kunjungan, kpm.kode_wilayah))
    return kunjungan


async def accompanied(
    session: AsyncSession, actor: Actor, kpm_id: UUID, on: date, today: date
) -> tuple[Kpm, Dampingan]:
    """Return the family and the caller's dampingan on a day; a family that is not the caller's does not show."""
    if actor.pendamping_id is None:
        raise NotAllowed
    pendamping = await session.get(Pendamping, actor.pendamping_id)
    if pendamping is not None and pendamping.status is not PendampingStatus.AKTIF:
        raise PendampingNotActive(status=pendamping.status.value)
    mine = sa.select(Dampingan).where(
        Dampingan.kpm_id == kpm_id, Dampingan.pendamping_id == actor.pendamping_id
    )
    found = (await session.scalars(mine)).all()
    kpm = await session.get(Kpm, kpm_id)
    if kpm is None or not any(dampingan.valid.contains(today) for dampingan in found):
        raise NotFound("kpm")
    for dampingan in found:
        if dampingan.valid.contains(on):
            return kpm, dampingan
    raise NotAccompanied("/body/visited_on", on=on)


async def insert_or_refuse(session: AsyncSession, kunjungan: Kunjungan) -> None:
    """Write it.

    Raises:
        KunjunganAlreadyRecorded: by day, visitor and purpose.
    """
    try:
        async with session.begin_nested():
            session.add(kunjungan)
    except IntegrityError as error:
        if constraint_of(error) == "uq_kunjungan_once_a_day":
            raise KunjunganAlreadyRecorded("/body/visited_on") from None
        raise


def told(kunjungan: Kunjungan, kode_wilayah: str) -> KunjunganRecorded:
    """Return what registry is told: that it was made, by whom and when."""
    return KunjunganRecorded(
        kunjungan_id=kunjungan.kunjungan_id,
        kpm_id=kunjungan.kpm_id,
        kode_wilayah=kode_wilayah,
        pendamping_id=kunjungan.pendamping_id,
        penugasan_id=kunjungan.penugasan_id,
        on=kunjungan.visited_on,
    )
