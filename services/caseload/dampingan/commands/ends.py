from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.dampingan.commands.assignment import LONGEST_BACKDATING
from services.caseload.dampingan.commands.gap import gap_after, open_gaps
from services.caseload.dampingan.commands.loads import add_weight, lock_loads, read_limit
from services.caseload.dampingan.errors import DampinganHasEnded
from services.caseload.dampingan.models import Dampingan
from services.caseload.dampingan.rules import schedule_dampingan_end
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
    lower(d.valid) AS valid_from, upper(d.valid) AS valid_to, d.reason"""
SELECT_PAST = f"""
SELECT {EVENT_COLUMNS} FROM dampingan d JOIN kpm k USING (kpm_id)
WHERE NOT d.ended AND NOT upper_inf(d.valid) AND upper(d.valid) <= $1
ORDER BY upper(d.valid), d.kpm_id LIMIT $2 FOR NO KEY UPDATE OF d
"""  # noqa: S608  # our own columns
# COPY is not possible: row security refuses it when an official ends a dampingan.
INSERT_HISTORY = """
INSERT INTO kpm_history (history_id, kpm_id, subject, subject_id, act, who, why, detail, occurred_at)
SELECT e.history_id, e.kpm_id, 'dampingan', e.dampingan_id, 'ENDED', $6, e.why, jsonb_build_object('valid_to', e.valid_to), $7
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::date[])
    AS e(history_id, kpm_id, dampingan_id, why, valid_to)
"""
MARK_ENDED = "UPDATE dampingan SET ended = true WHERE dampingan_id = ANY($1)"


async def end_dampingan(
    session: AsyncSession, actor: Actor, dampingan_id: UUID, *, valid_to: date, reason: str
) -> Dampingan:
    """End a dampingan.

    `valid_to` is the first day without it, and may be in the future.

    Raises:
        NotFound, DampinganHasEnded, InvalidRange, DateTooEarly.
    """
    dampingan, today = (
        await load(session, Dampingan, dampingan_id, noun="dampingan"),
        await clock.today(session),
    )
    check_end(dampingan, valid_to, today)
    dampingan.valid, dampingan.reason = Range(dampingan.valid_from, valid_to), reason
    dampingan.version += 1
    await session.flush()
    kpm = await session.get_one(Kpm, dampingan.kpm_id)
    if valid_to <= today:
        event = DampinganEnded.of(dampingan, kode_wilayah=kpm.kode_wilayah)
        await close_ended_rows(session, [event.model_dump()], who=actor.sub)
        await session.refresh(dampingan)
    else:
        entry = (dampingan.kpm_id, "dampingan", dampingan_id, "END_DATED")
        await append_history(session, *entry, who=actor.sub, why=reason, valid_to=str(valid_to))
        emit(session, DampinganChanged.of(dampingan, kode_wilayah=kpm.kode_wilayah))
        await schedule_dampingan_end(session, valid_to)
    return dampingan


def check_end(dampingan: Dampingan, valid_to: date, today: date) -> None:
    """Raise DampinganHasEnded, InvalidRange or DateTooEarly for an invalid end."""
    until, first = dampingan.valid_to, dampingan.valid_from
    if dampingan.ended or (until is not None and valid_to >= until):
        raise DampinganHasEnded("/body/valid_to", valid_to=until)
    if valid_to <= first:
        raise InvalidRange("/body/valid_to", valid_from=first, valid_to=valid_to)
    if valid_to < (earliest := today - LONGEST_BACKDATING):
        raise DateTooEarly("/body/valid_to", on=valid_to, earliest=earliest)


async def close_ended_rows(session: AsyncSession, rows: Sequence[dict[str, Any]], *, who: str) -> None:
    """Close dampingan that have ended: update loads and history, emit events and open gaps."""
    if not rows:
        return
    # Fast path: one statement closes the dampingan of a step (bench: hand_over).
    connection: Any = await raw(session)
    await connection.execute(MARK_ENDED, [row["dampingan_id"] for row in rows])
    await subtract_weight(session, rows)
    names = ("kpm_id", "dampingan_id", "reason", "valid_to")
    ids, columns = [new_id() for _ in rows], [[row[name] for row in rows] for name in names]
    await connection.execute(INSERT_HISTORY, ids, *columns, who, await clock.now(session))
    await open_gaps(
        session,
        [
            gap_after(row["kpm_id"], row["valid_to"], row["reason"], row["penugasan_id"], row["purpose"])
            for row in rows
            if row["kind"] == PilarKind.PKH_PENDAMPING
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
