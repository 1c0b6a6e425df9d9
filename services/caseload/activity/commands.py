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
from services.caseload.activity.models import (
    AnswerView,
    Kunjungan,
    KunjunganTerms,
    P2k2Materi,
    P2k2Sesi,
    P2k2Terms,
    Presence,
)
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


async def record_kunjungan(session: AsyncSession, actor: Actor, terms: KunjunganTerms) -> Kunjungan:
    """Hand in a visit to a family that one accompanied on that day; what was found is sealed.

    Raises:
        NotAllowed, NotFound, DateInTheFuture, PendampingInactive, VisitOutsideDampingan, KunjunganAlreadyRecorded.
    """
    today, kpm_id = await clock.today(session), terms.kpm_id
    require_past(terms.visited_on, today, "/body/visited_on")
    kpm, dampingan = await accompanied(session, actor, kpm_id, terms.visited_on, today)
    kunjungan_id, vault = uuid7(), vault_of(session)
    place, action = {"table": "kunjungan", "row_id": kunjungan_id}, terms.next_action
    kunjungan = Kunjungan(
        **terms.model_dump(exclude={"findings", "next_action"}),
        kunjungan_id=kunjungan_id,
        dampingan_id=dampingan.dampingan_id,
        pendamping_id=dampingan.pendamping_id,
        penugasan_id=dampingan.penugasan_id,
        findings_sealed=vault.seal(terms.findings, column="findings", **place),
        next_action_sealed=vault.seal(action, column="next_action", **place) if action else None,
        recorded_by=actor.sub,
    )
    await insert(session, kunjungan, uq_kunjungan_once_a_day=KunjunganAlreadyRecorded("/body/visited_on"))
    others = {"kode_wilayah": kpm.kode_wilayah, "on": kunjungan.visited_on}
    emit(session, KunjunganRecorded.of(kunjungan, **others))
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


async def record_p2k2(
    session: AsyncSession, actor: Actor, terms: P2k2Terms, attendance: Sequence[AnswerView]
) -> P2k2Sesi:
    """Hand in a session that one held for families of one's own on that day, with each family's answer.

    Raises:
        NotAllowed, DateInTheFuture, MateriUnknown, FamilyNamedTwice, FamiliesNotAccompanied, SesiAlreadyRecorded, and what
        `placement_for` raises.
    """
    materi = await materi_of(session, terms)
    pendamping_id = await held_by(session, actor, terms)
    await check_families(session, terms, [answer.kpm_id for answer in attendance])
    sesi = P2k2Sesi(
        **{name: getattr(terms, name) for name in P2k2Terms.model_fields},
        p2k2_sesi_id=uuid7(),
        pendamping_id=pendamping_id,
        p2k2_materi_id=materi,
        invited=len(attendance),
        attended=sum(answer.presence is Presence.HADIR for answer in attendance),
        recorded_by=actor.sub,
    )
    await insert(session, sesi, uq_p2k2_sesi_once_a_day=SesiAlreadyRecorded("/body/held_on"))
    await count_answers(session, sesi, attendance)
    emit(session, P2k2Held.of(sesi, on=sesi.held_on))
    return sesi


async def materi_of(session: AsyncSession, terms: P2k2Terms) -> int:
    """Return the session of the master data that was in force on a day; raise MateriUnknown."""
    module, number, on = terms.module, terms.session, terms.held_on
    in_force = sa.select(P2k2Materi.p2k2_materi_id).where(
        P2k2Materi.module == module, P2k2Materi.session == number, P2k2Materi.valid.contains(on)
    )
    materi_id = await session.scalar(in_force)
    if materi_id is None:
        raise MateriUnknown("/body/session", module=module, session=number, on=on)
    return materi_id


async def held_by(session: AsyncSession, actor: Actor, terms: P2k2Terms) -> UUID:
    """Return the caller's id, if the placement is his own and covered the area on the day."""
    require_past(terms.held_on, await clock.today(session), "/body/held_on")
    actor.require_area(terms.kode_wilayah)
    place = (terms.kode_wilayah, terms.penugasan_id, terms.held_on)
    penugasan = await placement_for(session, *place, AT)
    if actor.pendamping_id is None or penugasan.pendamping_id != actor.pendamping_id:
        raise NotAllowed
    return actor.pendamping_id


async def check_families(session: AsyncSession, terms: P2k2Terms, kpm_ids: Sequence[UUID]) -> None:
    """Raise FamilyNamedTwice, or FamiliesNotAccompanied when one was not the placement's on the day."""
    if len(set(kpm_ids)) < len(kpm_ids):
        raise FamilyNamedTwice("/body/attendance")
    # Fast path: one statement for all families of a session.
    connection, on = await raw(session), terms.held_on
    count = await connection.fetchval(MINE, list(kpm_ids), terms.penugasan_id, on) or 0
    if count != len(kpm_ids):
        raise FamiliesNotAccompanied("/body/attendance", count=len(kpm_ids) - count, on=on)


async def count_answers(session: AsyncSession, sesi: P2k2Sesi, attendance: Sequence[AnswerView]) -> None:
    """Write the answers, count each family's anew and tell its facts; three statements, however many families."""
    # Fast path: one statement for all families of a session.
    connection: Any = await raw(session)
    kpm_ids = [answer.kpm_id for answer in attendance]
    answers = [answer.presence.value for answer in attendance]
    await connection.execute(ANSWERS, sesi.p2k2_sesi_id, kpm_ids, answers)
    await connection.execute(LOCK, kpm_ids)
    for row in await connection.fetch(COUNT, kpm_ids):
        emit(session, KpmUpdated.model_validate_json(row["facts"]))
