"""Home visits and P2K2 sessions that a pendamping records."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.activity.errors import (
    FamiliesNotAccompanied,
    FamilyNamedTwice,
    KunjunganAlreadyRecorded,
    MateriUnknown,
    SesiAlreadyRecorded,
    VisitOutsideDampingan,
)
from services.caseload.activity.models import Kunjungan, KunjunganPurpose, P2k2Materi, P2k2Sesi, Presence
from services.caseload.dampingan.commands.assignment import Pointers, placement_for
from services.caseload.dampingan.models import Dampingan
from services.caseload.family.models import Kpm
from services.caseload.replicas.models import Pendamping
from shared import clock
from shared.access import Actor
from shared.contracts.caseload import KpmUpdated, KunjunganRecorded, P2k2Held
from shared.contracts.kinds import PendampingStatus
from shared.database import insert, raw, uuid7, vault_of
from shared.dates import require_past
from shared.errors import NotAllowed, NotFound, PendampingInactive
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
        NotAllowed, NotFound, DateInTheFuture, PendampingInactive, VisitOutsideDampingan, KunjunganAlreadyRecorded.
    """
    today = await clock.today(session)
    require_past(visited_on, today, "/body/visited_on")
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
    await insert(session, kunjungan, uq_kunjungan_once_a_day=KunjunganAlreadyRecorded("/body/visited_on"))
    emit(session, kunjungan_event(kunjungan, kpm.kode_wilayah))
    return kunjungan


async def accompanied(
    session: AsyncSession, actor: Actor, kpm_id: UUID, on: date, today: date
) -> tuple[Kpm, Dampingan]:
    """Return the family and the caller's dampingan on a day; a family that is not the caller's does not show."""
    if actor.pendamping_id is None:
        raise NotAllowed
    pendamping = await session.get(Pendamping, actor.pendamping_id)
    if pendamping is not None and pendamping.status is not PendampingStatus.AKTIF:
        raise PendampingInactive(status=pendamping.status.value)
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
    raise VisitOutsideDampingan("/body/visited_on", on=on)


def kunjungan_event(kunjungan: Kunjungan, kode_wilayah: str) -> KunjunganRecorded:
    """Return what registry is told: that it was made, by whom and when."""
    return KunjunganRecorded(
        kunjungan_id=kunjungan.kunjungan_id,
        kpm_id=kunjungan.kpm_id,
        kode_wilayah=kode_wilayah,
        pendamping_id=kunjungan.pendamping_id,
        penugasan_id=kunjungan.penugasan_id,
        on=kunjungan.visited_on,
    )


AT = Pointers("/body/penugasan_id", "/body/held_on", "/body/kode_wilayah")
MINE = """
SELECT count(DISTINCT kpm_id) FROM dampingan
WHERE kpm_id = ANY($1) AND penugasan_id = $2 AND valid @> $3::date
"""
ANSWERS = """
INSERT INTO p2k2_kehadiran (p2k2_sesi_id, kpm_id, presence)
SELECT $1, kpm_id, presence FROM unnest($2::uuid[], $3::text[]) AS a(kpm_id, presence) ORDER BY kpm_id
"""
# Locked in the order of their ids, like everybody does who changes several families; and before the answers are
# counted: a statement that waits for a lock does not see what its holder has written elsewhere.
LOCK = "SELECT FROM kpm WHERE kpm_id = ANY($1) ORDER BY kpm_id FOR NO KEY UPDATE"
COUNT = """
WITH counted AS (
    SELECT kpm_id, count(*) AS invited, count(*) FILTER (WHERE presence = 'HADIR') AS attended
    FROM p2k2_kehadiran WHERE kpm_id = ANY($1) GROUP BY kpm_id
)
UPDATE kpm SET facts = facts || jsonb_build_object('p2k2_invited', c.invited, 'p2k2_attended', c.attended),
    version = version + 1, changed_at = clock_timestamp()
FROM counted c WHERE kpm.kpm_id = c.kpm_id RETURNING kpm.facts::text AS facts
"""
Answer = tuple[UUID, Presence]


async def record_p2k2(
    session: AsyncSession,
    actor: Actor,
    *,
    penugasan_id: UUID,
    kode_wilayah: str,
    held_on: date,
    module: int,
    number: int,
    kelompok: str,
    attendance: Sequence[Answer],
) -> P2k2Sesi:
    """Hand in a session that one held for families of one's own on that day, with each family's answer.

    Raises:
        NotAllowed, DateInTheFuture, MateriUnknown, FamilyNamedTwice, FamiliesNotAccompanied, SesiAlreadyRecorded, and what
        `placement_for` raises.
    """
    materi = await materi_of(session, module, number, held_on)
    pendamping_id = await held_by(session, actor, penugasan_id, kode_wilayah, held_on)
    await check_families(session, penugasan_id, held_on, [kpm_id for kpm_id, _ in attendance])
    sesi = P2k2Sesi(
        p2k2_sesi_id=uuid7(),
        penugasan_id=penugasan_id,
        pendamping_id=pendamping_id,
        kode_wilayah=kode_wilayah,
        held_on=held_on,
        module=module,
        session=number,
        p2k2_materi_id=materi,
        kelompok=kelompok,
        invited=len(attendance),
        attended=sum(presence is Presence.HADIR for _, presence in attendance),
        recorded_by=actor.sub,
    )
    await insert(session, sesi, uq_p2k2_sesi_once_a_day=SesiAlreadyRecorded("/body/held_on"))
    await count_answers(session, sesi, attendance)
    emit(session, p2k2_event(sesi))
    return sesi


async def materi_of(session: AsyncSession, module: int, number: int, on: date) -> int:
    """Return the session of the master data that was in force on a day; raise MateriUnknown."""
    wanted = sa.select(P2k2Materi.p2k2_materi_id).where(
        P2k2Materi.module == module, P2k2Materi.session == number, P2k2Materi.valid.contains(on)
    )
    found = await session.scalar(wanted)
    if found is None:
        raise MateriUnknown("/body/session", module=module, session=number, on=on)
    return found


async def held_by(
    session: AsyncSession, actor: Actor, penugasan_id: UUID, kode_wilayah: str, on: date
) -> UUID:
    """Return the caller's id, if the placement is his own and covered the area on the day."""
    require_past(on, await clock.today(session), "/body/held_on")
    actor.require_area(kode_wilayah)
    penugasan = await placement_for(session, kode_wilayah, penugasan_id, on, AT)
    if actor.pendamping_id is None or penugasan.pendamping_id != actor.pendamping_id:
        raise NotAllowed
    return actor.pendamping_id


async def check_families(
    session: AsyncSession, penugasan_id: UUID, on: date, kpm_ids: Sequence[UUID]
) -> None:
    """Raise FamilyNamedTwice, or FamiliesNotAccompanied when one was not the placement's on the day."""
    if len(set(kpm_ids)) < len(kpm_ids):
        raise FamilyNamedTwice("/body/attendance")
    # Fast path: one statement for all families of a session.
    found = await (await raw(session)).fetchval(MINE, list(kpm_ids), penugasan_id, on) or 0
    if found != len(kpm_ids):
        raise FamiliesNotAccompanied("/body/attendance", count=len(kpm_ids) - found, on=on)


async def count_answers(session: AsyncSession, sesi: P2k2Sesi, attendance: Sequence[Answer]) -> None:
    """Write the answers, count each family's anew and tell its facts; three statements, however many families."""
    # Fast path: one statement for all families of a session.
    connection: Any = await raw(session)
    kpm_ids = [kpm_id for kpm_id, _ in attendance]
    answers = [presence.value for _, presence in attendance]
    await connection.execute(ANSWERS, sesi.p2k2_sesi_id, kpm_ids, answers)
    await connection.execute(LOCK, kpm_ids)
    for row in await connection.fetch(COUNT, kpm_ids):
        emit(session, KpmUpdated.model_validate_json(row["facts"]))


def p2k2_event(sesi: P2k2Sesi) -> P2k2Held:
    """Return what registry is told: by whom, when, how many came."""
    return P2k2Held(
        p2k2_sesi_id=sesi.p2k2_sesi_id,
        pendamping_id=sesi.pendamping_id,
        penugasan_id=sesi.penugasan_id,
        kode_wilayah=sesi.kode_wilayah,
        on=sesi.held_on,
        invited=sesi.invited,
        attended=sesi.attended,
    )
