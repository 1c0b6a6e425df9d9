"""Queries for home visits and P2K2 sessions."""

from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.activity.errors import ReplacedRecordNotVoided
from services.caseload.activity.models import (
    Kunjungan,
    KunjunganView,
    LateEntryRule,
    P2k2Kehadiran,
    P2k2Materi,
    P2k2Modul,
    P2k2Sesi,
    P2k2View,
)
from services.caseload.dampingan.models import Dampingan
from services.caseload.replicas.models import StatusRange
from services.caseload.tables import columns_of
from shared import clock
from shared.access import Actor, Scope
from shared.accompaniment import require_recent, status_on
from shared.contracts.kinds import PendampingStatus
from shared.database import vault_of
from shared.errors import NotFound


async def require_in_term(
    session: AsyncSession, actor: Actor, table: Any, replaces: UUID | None, on: date, pointer: str
) -> None:
    """Require a day of work that may be entered, now or with the voided record.

    A voided record may itself replace an earlier one. Then the day of entry of the earliest one counts.

    Raises:
        WorkEnteredTooLate, ReplacedRecordNotVoided. NotFound: the actor is not the author of the voided record.
    """
    entered_on = await clock.today(session)
    while replaces is not None:
        row = await session.get(table, replaces)
        if row is None or row.pendamping_id != actor.pendamping_id:
            raise NotFound("kunjungan" if table is Kunjungan else "p2k2", "/body/replaces")
        if row.voided_on is None:
            raise ReplacedRecordNotVoided("/body/replaces")
        entered_on = row.entered_on if on <= row.entered_on else entered_on
        replaces = row.replaces
    await require_recent(session, LateEntryRule, on, entered_on, pointer)


def was_inactive(pendamping_id: Any, on: Any) -> sa.ColumnElement[bool]:
    """Return the condition that the author was not AKTIF on the day."""
    return sa.func.coalesce(status_on(StatusRange, pendamping_id, on) != PendampingStatus.AKTIF, sa.false())


VISIT_FLAGGED = was_inactive(Kunjungan.pendamping_id, Kunjungan.visited_on)
SESSION_FLAGGED = was_inactive(P2k2Sesi.pendamping_id, P2k2Sesi.held_on)


async def list_kunjungan(
    session: AsyncSession,
    actor: Actor,
    pendamping_id: UUID | None,
    kpm_id: UUID | None,
    *,
    flagged: bool = False,
) -> sa.Select[*tuple[Any, ...]]:
    """Select visits that the actor may read, by `kunjungan_id`, which grows with time."""
    statement = sa.select(*columns_of(Kunjungan, KunjunganView), VISIT_FLAGGED.label("flagged"))
    if flagged:
        statement = statement.where(VISIT_FLAGGED)
    if pendamping_id is not None:
        statement = statement.where(Kunjungan.pendamping_id == pendamping_id)
    if kpm_id is not None:
        statement = statement.where(Kunjungan.kpm_id == kpm_id)
    if actor.scope is not Scope.OWN_FAMILIES:
        return statement
    if kpm_id is not None:
        return statement.where(await is_readable(session, actor))
    return statement.where(Kunjungan.pendamping_id == actor.pendamping_id)


async def is_readable(session: AsyncSession, actor: Actor) -> sa.ColumnElement[bool]:
    """Return the condition that the actor made a visit, or accompanies its family today."""
    if actor.scope is not Scope.OWN_FAMILIES:
        return sa.true()
    accompanied = sa.exists().where(
        Dampingan.kpm_id == Kunjungan.kpm_id,
        Dampingan.pendamping_id == actor.pendamping_id,
        Dampingan.valid.contains(await clock.today(session)),
    )
    return sa.or_(Kunjungan.pendamping_id == actor.pendamping_id, accompanied)


async def read_kunjungan(session: AsyncSession, actor: Actor, kunjungan_id: UUID) -> dict[str, Any]:
    """Return one visit with findings and next action in clear text.

    Raises:
        NotFound: it does not exist, or the actor may not read it.
    """
    statement = sa.select(Kunjungan, VISIT_FLAGGED).where(Kunjungan.kunjungan_id == kunjungan_id)
    kunjungan = (await session.execute(statement.where(await is_readable(session, actor)))).one_or_none()
    if kunjungan is None:
        raise NotFound("kunjungan")
    row, flagged = kunjungan
    vault, location = vault_of(session), {"table": "kunjungan", "row_id": kunjungan_id}
    sealed = row.next_action_sealed
    return {name: getattr(row, name) for name in KunjunganView.model_fields} | {
        "flagged": flagged,
        "findings": vault.open(row.findings_sealed, column="findings", **location),
        "next_action": vault.open(sealed, column="next_action", **location) if sealed else None,
    }


def list_p2k2(
    actor: Actor, pendamping_id: UUID | None, *, flagged: bool = False
) -> sa.Select[*tuple[Any, ...]]:
    """Select sessions that the actor may read, by `p2k2_sesi_id`, which grows with time."""
    statement = sa.select(*columns_of(P2k2Sesi, P2k2View), SESSION_FLAGGED.label("flagged"))
    if flagged:
        statement = statement.where(SESSION_FLAGGED)
    if actor.scope is Scope.OWN_FAMILIES:
        statement = statement.where(P2k2Sesi.pendamping_id == actor.pendamping_id)
    return statement if pendamping_id is None else statement.where(P2k2Sesi.pendamping_id == pendamping_id)


async def read_p2k2(session: AsyncSession, actor: Actor, p2k2_sesi_id: UUID) -> dict[str, Any]:
    """Return one session with the attendance of the families that the actor may read.

    Raises:
        NotFound: it does not exist, or the actor may not read it.
    """
    statement = list_p2k2(actor, None).where(P2k2Sesi.p2k2_sesi_id == p2k2_sesi_id)
    row = (await session.execute(statement)).mappings().one_or_none()
    if row is None:
        raise NotFound("p2k2")
    answers = sa.select(P2k2Kehadiran).where(P2k2Kehadiran.p2k2_sesi_id == p2k2_sesi_id)
    attendance = await session.scalars(answers.order_by(P2k2Kehadiran.kpm_id))
    return {**row, "attendance": attendance.all()}


async def read_materi_on(session: AsyncSession, on: date | None) -> dict[str, Any]:
    """Return the modules and sessions in force on a day, by default today."""
    day = on or await clock.today(session)
    modules = sa.select(P2k2Modul.module, P2k2Modul.name).where(P2k2Modul.valid.contains(day))
    sessions = sa.select(P2k2Materi.module, P2k2Materi.session, P2k2Materi.name).where(
        P2k2Materi.valid.contains(day)
    )
    by_module: dict[int, list[dict[str, Any]]] = {}
    for row in await session.execute(sessions.order_by(P2k2Materi.module, P2k2Materi.session)):
        by_module.setdefault(row.module, []).append({"session": row.session, "name": row.name})
    names = await session.execute(modules.order_by(P2k2Modul.module))
    items = [
        {"module": row.module, "name": row.name, "sessions": by_module.get(row.module, [])} for row in names
    ]
    return {"on": day, "modules": items}
