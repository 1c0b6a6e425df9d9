from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.activity.models import Kunjungan, P2k2Kehadiran, P2k2Sesi
from services.caseload.dampingan.commands.assignment import LONGEST_BACKDATING
from services.caseload.dampingan.commands.gap import gap_after, open_gaps, split_gaps_before
from services.caseload.dampingan.commands.loads import add_weight, lock_loads, read_limit
from services.caseload.dampingan.errors import DampinganHasEnded, DampinganHasWork
from services.caseload.dampingan.models import Dampingan
from services.caseload.dampingan.rules import day_after, schedule_dampingan_end
from services.caseload.family.models import Kpm
from services.caseload.history import append_history
from services.caseload.tables import new_id
from shared import clock
from shared.access import Actor
from shared.contracts.caseload import DampinganChanged, DampinganEnded
from shared.contracts.kinds import DampinganPurpose, PilarKind
from shared.database import load, raw
from shared.errors import DateTooEarly, InvalidRange
from shared.messaging import emit

EVENT_COLUMNS = """d.dampingan_id, d.kpm_id, k.kode_wilayah, d.penugasan_id, d.pendamping_id, d.kind, d.purpose,
    coalesce(lower(d.valid), d.cancelled_from) AS valid_from, coalesce(upper(d.valid), d.cancelled_from) AS valid_to,
    d.reason"""
SELECT_PAST = f"""
SELECT {EVENT_COLUMNS} FROM dampingan d JOIN kpm k USING (kpm_id)
WHERE NOT d.ended AND NOT upper_inf(d.valid) AND coalesce(upper(d.valid), '-infinity'::date) <= $1
ORDER BY coalesce(upper(d.valid), '-infinity'::date), d.kpm_id LIMIT $2 FOR NO KEY UPDATE OF d
"""  # noqa: S608  # our own columns
# COPY is not possible: row security refuses it when an official ends a dampingan.
INSERT_HISTORY = """
INSERT INTO kpm_history (history_id, kpm_id, subject, subject_id, act, sub, role, pendamping_id, reason_code, detail,
    occurred_at)
SELECT e.history_id, e.kpm_id, 'dampingan', e.dampingan_id, 'ENDED', $6, $7, $8, e.why,
    jsonb_build_object('valid_to', e.valid_to), $9
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::date[])
    AS e(history_id, kpm_id, dampingan_id, why, valid_to)
"""
MARK_ENDED = "UPDATE dampingan SET ended = true WHERE dampingan_id = ANY($1)"


async def end_dampingan(
    session: AsyncSession, actor: Actor, dampingan_id: UUID, *, valid_to: date, reason: str
) -> Dampingan:
    """End a dampingan, or cancel one that has not begun.

    `valid_to` is the first day without it, and may be in the future. An end on its first day cancels it, if no work
    was recorded in it. An end on an earlier day cancels a dampingan that has not begun.

    Raises:
        NotFound, DampinganHasEnded, InvalidRange, DateTooEarly, DampinganHasWork.
    """
    dampingan, today = (
        await load(session, Dampingan, dampingan_id, noun="dampingan"),
        await clock.today(session),
    )
    check_end(dampingan, valid_to, today)
    if valid_to == dampingan.valid_from <= today:
        await require_no_work(session, dampingan)
    dampingan.end_on(valid_to, reason)
    await session.flush()
    kpm = await session.get_one(Kpm, dampingan.kpm_id)
    if valid_to <= today or dampingan.cancelled_from is not None:
        event = DampinganEnded.of(dampingan, kode_wilayah=kpm.kode_wilayah)
        await close_ended_rows(session, [event.model_dump()], actor=actor)
        await session.refresh(dampingan)
    else:
        entry = (dampingan.kpm_id, "dampingan", dampingan_id, "END_DATED")
        await append_history(session, *entry, actor=actor, why=reason, valid_to=str(valid_to))
        emit(session, DampinganChanged.of(dampingan, kode_wilayah=kpm.kode_wilayah))
        await schedule_dampingan_end(session, valid_to)
    return dampingan


async def end_all_dampingan(
    session: AsyncSession, actor: Actor, rows: Sequence[Dampingan], *, reason: str
) -> list[UUID]:
    """End dampingan that have begun, and cancel the others.

    They end today, at the earliest after their first day. Return the ids of those that this ends.
    """
    today, ended = await clock.today(session), list[UUID]()
    for dampingan in rows:
        first = dampingan.valid_from
        ends = max(today, day_after(first) if first <= today else first)
        if dampingan.valid_to is None or dampingan.valid_to > ends:
            await end_dampingan(session, actor, dampingan.dampingan_id, valid_to=ends, reason=reason)
            ended.append(dampingan.dampingan_id)
    return ended


async def read_open_dampingan(session: AsyncSession, kpm_id: UUID) -> Sequence[Dampingan]:
    """Return the family's dampingan that have not ended by today."""
    statement = sa.select(Dampingan).where(
        Dampingan.kpm_id == kpm_id,
        ~Dampingan.ended,
        sa.func.coalesce(Dampingan.valid_to > await clock.today(session), True),
    )
    return (await session.scalars(statement.order_by(Dampingan.dampingan_id))).all()


def check_end(dampingan: Dampingan, valid_to: date, today: date) -> None:
    """Raise DampinganHasEnded, InvalidRange or DateTooEarly for an invalid end."""
    until, first = dampingan.valid_to, dampingan.valid_from
    if dampingan.ended or (until is not None and valid_to >= until):
        raise DampinganHasEnded("/body/valid_to", valid_to=until)
    if valid_to < first <= today:
        raise InvalidRange("/body/valid_to", valid_from=first, valid_to=valid_to)
    if valid_to < (earliest := today - LONGEST_BACKDATING):
        raise DateTooEarly("/body/valid_to", on=valid_to, earliest=earliest)


async def require_no_work(session: AsyncSession, dampingan: Dampingan) -> None:
    """Raise DampinganHasWork if a visit or session of a dampingan counts."""
    visits = sa.exists().where(
        Kunjungan.dampingan_id == dampingan.dampingan_id, Kunjungan.voided_on.is_(None)
    )
    sessions = sa.exists().where(
        P2k2Sesi.penugasan_id == dampingan.penugasan_id,
        P2k2Sesi.voided_on.is_(None),
        P2k2Sesi.held_on >= dampingan.valid_from,
        P2k2Kehadiran.p2k2_sesi_id == P2k2Sesi.p2k2_sesi_id,
        P2k2Kehadiran.kpm_id == dampingan.kpm_id,
    )
    if await session.scalar(sa.select(sa.or_(visits, sessions))):
        raise DampinganHasWork("/body/valid_to", first=dampingan.valid_from + timedelta(days=1))


async def close_ended_rows(session: AsyncSession, rows: Sequence[dict[str, Any]], *, actor: Actor) -> None:
    """Close dampingan that have ended: update loads and history, emit events and open gaps."""
    if not rows:
        return
    # Fast path: one statement closes the dampingan of a step (bench: hand_over).
    connection: Any = await raw(session)
    await connection.execute(MARK_ENDED, [row["dampingan_id"] for row in rows])
    await subtract_weight(session, rows)
    names = ("kpm_id", "dampingan_id", "reason", "valid_to")
    ids, columns = [new_id() for _ in rows], [[row[name] for row in rows] for name in names]
    who = (actor.sub, actor.role, actor.pendamping_id)
    await connection.execute(INSERT_HISTORY, ids, *columns, *who, await clock.now(session))
    ended = [row for row in rows if row["kind"] == PilarKind.PKH_PENDAMPING]
    cancelled = [(row["kpm_id"], row["valid_to"]) for row in ended if row["valid_to"] == row["valid_from"]]
    since = await split_gaps_before(session, cancelled)
    gaps = [(since.get(row["kpm_id"]) or row["valid_to"], row) for row in ended]
    await open_gaps(
        session,
        [
            gap_after(row["kpm_id"], on, row["reason"], row["penugasan_id"], row["purpose"])
            for on, row in gaps
        ],
    )
    for row in rows:
        emit(session, DampinganEnded.model_validate(row))


async def subtract_weight(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> None:
    """Subtract ended dampingan from the loads of their placements."""
    today = await clock.today(session)
    for kind in sorted({str(row["kind"]) for row in rows}):
        counted = [
            row for row in rows if row["kind"] == kind and row["purpose"] == DampinganPurpose.PENDAMPINGAN
        ]
        loads = await lock_loads(session, {row["penugasan_id"]: row["pendamping_id"] for row in counted})
        fewer = Counter(
            {penugasan: -n for penugasan, n in Counter(r["penugasan_id"] for r in counted).items()}
        )
        await add_weight(session, loads, fewer, await read_limit(session, PilarKind(kind), today))
