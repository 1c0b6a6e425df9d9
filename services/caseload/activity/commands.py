"""Home visits and P2K2 sessions, recorded by a pendamping."""

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
    RecordAlreadyReplaced,
    RecordAlreadyVoided,
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
    Voiding,
)
from services.caseload.activity.queries import require_in_term
from services.caseload.dampingan.commands.assignment import Pointers, placement_for
from services.caseload.dampingan.models import Dampingan
from services.caseload.family.models import Kpm
from services.caseload.family.queries import read_area_on
from services.caseload.replicas.models import StatusRange
from shared import clock
from shared.access import Actor
from shared.accompaniment import open_work_day, require_active, require_voidable, status_on
from shared.contracts.caseload import KpmUpdated
from shared.contracts.caseload_activity import (
    KunjunganRecorded,
    KunjunganVoided,
    P2k2Held,
    P2k2Voided,
    VoidReason,
)
from shared.contracts.kinds import PilarKind
from shared.database import insert, load, raw, uuid7, vault_of
from shared.dates import require_not_future
from shared.errors import NotAllowed, NotFound
from shared.messaging import emit


async def record_kunjungan(session: AsyncSession, actor: Actor, terms: KunjunganTerms) -> Kunjungan:
    """Record a visit to a family that the actor accompanied on that day.

    Findings are sealed.

    Raises:
        DateInTheFuture, KunjunganAlreadyRecorded, RecordAlreadyReplaced, and what `read_accompanied` raises.
    """
    today = await clock.today(session)
    require_not_future(terms.visited_on, await clock.latest_today(session), "/body/visited_on")
    kpm, dampingan = await read_accompanied(session, actor, terms, today)
    kunjungan_id, vault = uuid7(), vault_of(session)
    location, action = {"table": "kunjungan", "row_id": kunjungan_id}, terms.next_action
    kunjungan = Kunjungan(
        **terms.model_dump(exclude={"findings", "next_action"}),
        kunjungan_id=kunjungan_id,
        dampingan_id=dampingan.dampingan_id,
        pendamping_id=dampingan.pendamping_id,
        penugasan_id=dampingan.penugasan_id,
        kode_wilayah=await read_area_on(session, kpm, terms.visited_on),
        findings_sealed=vault.seal(terms.findings, column="findings", **location),
        next_action_sealed=vault.seal(action, column="next_action", **location) if action else None,
        entered_on=today,
        recorded_by=actor.sub,
    )
    known, replaced = KunjunganAlreadyRecorded("/body/visited_on"), RecordAlreadyReplaced("/body/replaces")
    await insert(session, kunjungan, uq_kunjungan_once_a_day=known, uq_kunjungan_replaces=replaced)
    emit(session, KunjunganRecorded.of(kunjungan, on=kunjungan.visited_on))
    return kunjungan


async def read_accompanied(
    session: AsyncSession, actor: Actor, terms: KunjunganTerms, today: date
) -> tuple[Kpm, Dampingan]:
    """Return the visited family and the actor's dampingan on that day.

    It may have another pendamping today, and live elsewhere.

    Raises:
        NotFound: the actor accompanied the family neither that day nor today. NotAllowed, VisitOutsideDampingan,
        WorkEnteredTooLate, ReplacedRecordNotVoided, NotYetKnown, PendampingInactive.
    """
    kpm_id, on = terms.kpm_id, terms.visited_on
    if actor.pendamping_id is None:
        raise NotAllowed
    await open_work_day(session, on)
    statement = sa.select(Dampingan).where(
        Dampingan.kpm_id == kpm_id, Dampingan.pendamping_id == actor.pendamping_id
    )
    # Of two dampingan on a day the PKH one counts.
    order = (Dampingan.kind != PilarKind.PKH_PENDAMPING, Dampingan.dampingan_id)
    own = (await session.scalars(statement.order_by(*order))).all()
    kpm, of_day = await session.get(Kpm, kpm_id), [row for row in own if row.valid.contains(on)]
    if kpm is None or not (of_day or any(row.valid.contains(today) for row in own)):
        raise NotFound("kpm")
    if not of_day:
        raise VisitOutsideDampingan("/body/visited_on", on=on)
    await require_in_term(session, actor, Kunjungan, terms.replaces, on, "/body/visited_on")
    require_active(await session.scalar(sa.select(status_on(StatusRange, actor.pendamping_id, on))))
    return kpm, of_day[0]


POINTERS = Pointers("/body/penugasan_id", "/body/held_on", "/body/kode_wilayah")
COUNT_ACCOMPANIED = """
SELECT count(DISTINCT kpm_id) FROM dampingan
WHERE kpm_id = ANY($1) AND penugasan_id = $2 AND valid @> $3::date
"""
INSERT_ANSWERS = """
INSERT INTO p2k2_kehadiran (p2k2_sesi_id, kpm_id, presence)
SELECT $1, kpm_id, presence FROM unnest($2::uuid[], $3::text[]) AS a(kpm_id, presence) ORDER BY kpm_id
"""
# It locks the families in the order of their ids, and reaches those that live elsewhere now.
COUNT_ATTENDANCE = "SELECT count_attendance($1) AS facts"


async def record_p2k2(
    session: AsyncSession, actor: Actor, terms: P2k2Terms, attendance: Sequence[AnswerView]
) -> P2k2Sesi:
    """Record a session that the actor held for their families of that day.

    Raises:
        NotAllowed, DateInTheFuture, WorkEnteredTooLate, ReplacedRecordNotVoided, MateriUnknown, FamilyNamedTwice,
        FamiliesNotAccompanied, SesiAlreadyRecorded, RecordAlreadyReplaced, and what `placement_for` raises.
    """
    materi = await read_materi_id(session, terms)
    pendamping_id = await require_own_placement(session, actor, terms)
    await check_families(session, terms, [answer.kpm_id for answer in attendance])
    sesi = P2k2Sesi(
        **{name: getattr(terms, name) for name in P2k2Terms.model_fields},
        p2k2_sesi_id=uuid7(),
        pendamping_id=pendamping_id,
        p2k2_materi_id=materi,
        invited=len(attendance),
        attended=sum(answer.presence is Presence.HADIR for answer in attendance),
        entered_on=await clock.today(session),
        recorded_by=actor.sub,
    )
    known, replaced = SesiAlreadyRecorded("/body/held_on"), RecordAlreadyReplaced("/body/replaces")
    await insert(session, sesi, uq_p2k2_sesi_once_a_day=known, uq_p2k2_sesi_replaces=replaced)
    await store_attendance(session, sesi, attendance)
    emit(session, P2k2Held.of(sesi, on=sesi.held_on))
    return sesi


async def read_materi_id(session: AsyncSession, terms: P2k2Terms) -> int:
    """Return the id of the module's session in force on the day, or raise MateriUnknown."""
    module, number, on = terms.module, terms.session, terms.held_on
    in_force = sa.select(P2k2Materi.p2k2_materi_id).where(
        P2k2Materi.module == module, P2k2Materi.session == number, P2k2Materi.valid.contains(on)
    )
    materi_id = await session.scalar(in_force)
    if materi_id is None:
        raise MateriUnknown("/body/session", module=module, session=number, on=on)
    return materi_id


async def require_own_placement(session: AsyncSession, actor: Actor, terms: P2k2Terms) -> UUID:
    """Return the actor's pendamping_id if their placement covers the area on the day."""
    require_not_future(terms.held_on, await clock.latest_today(session), "/body/held_on")
    await require_in_term(session, actor, P2k2Sesi, terms.replaces, terms.held_on, "/body/held_on")
    request = (terms.kode_wilayah, terms.penugasan_id, terms.held_on)
    penugasan = await placement_for(session, *request, POINTERS, active_on=terms.held_on)
    if actor.pendamping_id is None or penugasan.pendamping_id != actor.pendamping_id:
        raise NotAllowed
    return actor.pendamping_id


async def check_families(session: AsyncSession, terms: P2k2Terms, kpm_ids: Sequence[UUID]) -> None:
    """Raise FamilyNamedTwice, or FamiliesNotAccompanied if the placement lacks one on the day."""
    if len(set(kpm_ids)) < len(kpm_ids):
        raise FamilyNamedTwice("/body/attendance")
    # Fast path: one statement for all families of a session.
    connection, on = await raw(session), terms.held_on
    await open_work_day(session, on)
    count = await connection.fetchval(COUNT_ACCOMPANIED, list(kpm_ids), terms.penugasan_id, on) or 0
    if count != len(kpm_ids):
        raise FamiliesNotAccompanied("/body/attendance", count=len(kpm_ids) - count, on=on)


async def store_attendance(session: AsyncSession, sesi: P2k2Sesi, attendance: Sequence[AnswerView]) -> None:
    """Insert the answers, recount each family's attendance and emit its facts."""
    # Fast path: one statement inserts all answers of a session.
    connection: Any = await raw(session)
    kpm_ids = [answer.kpm_id for answer in attendance]
    answers = [answer.presence.value for answer in attendance]
    await connection.execute(INSERT_ANSWERS, sesi.p2k2_sesi_id, kpm_ids, answers)
    await count_attendance(session, sesi)


async def count_attendance(session: AsyncSession, sesi: P2k2Sesi) -> None:
    """Recount the attendance of each family of a session and emit its facts."""
    # Fast path: one statement for all families of a session.
    connection: Any = await raw(session)
    for row in await connection.fetch(COUNT_ATTENDANCE, sesi.p2k2_sesi_id):
        emit(session, KpmUpdated.model_validate_json(row["facts"]))


async def void_kunjungan(
    session: AsyncSession, actor: Actor, kunjungan_id: UUID, *, reason: VoidReason
) -> Kunjungan:
    """Void a wrong visit, so that the right one of that day can be recorded.

    Raises:
        NotFound, RecordAlreadyVoided, and what `require_voidable` raises.
    """
    kunjungan = await load(session, Kunjungan, kunjungan_id, noun="kunjungan")
    await require_voidable(session, actor, kunjungan.pendamping_id, StatusRange)
    await set_voided(session, actor, kunjungan, reason)
    emit(session, KunjunganVoided.of(kunjungan, on=kunjungan.visited_on, reason=reason))
    return kunjungan


async def void_p2k2(
    session: AsyncSession, actor: Actor, p2k2_sesi_id: UUID, *, reason: VoidReason
) -> P2k2Sesi:
    """Void a session that is wrong, and recount the attendance of its families.

    Raises:
        NotFound, RecordAlreadyVoided, and what `require_voidable` raises.
    """
    sesi = await load(session, P2k2Sesi, p2k2_sesi_id, noun="p2k2")
    await require_voidable(session, actor, sesi.pendamping_id, StatusRange)
    await set_voided(session, actor, sesi, reason)
    await session.flush()
    await count_attendance(session, sesi)
    emit(session, P2k2Voided.of(sesi, on=sesi.held_on, reason=reason))
    return sesi


async def set_voided(session: AsyncSession, actor: Actor, row: Voiding, reason: VoidReason) -> None:
    """Mark a record as voided today, or raise RecordAlreadyVoided."""
    if row.voided_on is not None:
        raise RecordAlreadyVoided(voided_on=row.voided_on)
    row.voided_on, row.voided_by, row.void_reason = await clock.today(session), actor.sub, reason
