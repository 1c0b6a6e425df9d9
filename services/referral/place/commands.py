"""A consented family holds a place in every quota over its area, or waits in order; what it gives back, the next one gets.

Locks are always taken in one order: the rujukan program, what falls due, then the quotas by their ids.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.place.models import IntakeWindow, ProgramQuota, QuotaPlace, Waiting, WaitingReason
from services.referral.rujukan.models import ENDED, RujukanProgram
from shared import wilayah
from shared.contracts.kinds import RujukanProgramState
from shared.database import uuid7
from shared.jobs import schedule
from shared.validity import holds_on

# Handled in publication/jobs.py: this module must not import publication.
PROMOTING = "program.promote"
S, W = RujukanProgramState, WaitingReason


@dataclass(frozen=True, slots=True)
class Obstacle:
    """What keeps a consented family from going on, and the quota that is full."""

    reason: WaitingReason
    quota_id: UUID | None = None


async def intake_open(session: AsyncSession, code: str, on: date) -> bool:
    """Whether the program takes applications that day; one without any window always does."""
    of_code = sa.select(IntakeWindow.window_id).where(IntakeWindow.program_code == code)
    now = of_code.where(holds_on(IntakeWindow.opens_on, IntakeWindow.closes_on, on))
    known, still = (await session.execute(sa.select(sa.exists(of_code), sa.exists(now)))).one()
    return bool(still or not known)


def quotas_over(code: str, area: str, on: date) -> sa.Select[ProgramQuota]:
    """Select the quotas of a program that cover an area on a day, in the order in which they are locked."""
    areas = [wilayah.NATIONAL, *wilayah.prefixes(area)]
    wanted = sa.select(ProgramQuota).where(
        ProgramQuota.program_code == code, ProgramQuota.kode_wilayah.in_(areas)
    )
    holds = holds_on(ProgramQuota.valid_from, ProgramQuota.valid_to, on)
    return wanted.where(holds).order_by(ProgramQuota.quota_id)


async def seek_place(session: AsyncSession, row: RujukanProgram, on: date, *, in_turn: bool = False) -> bool:
    """Hold a place for a consented rujukan program, or put it on the waiting list; asked again, nothing changes.

    Who comes new waits behind those who wait for the same quota; `in_turn` is who comes from the list itself.
    The row is locked by the caller. Returns whether it may go to the partner.
    """
    obstacle = await _take(session, row, on, in_turn=in_turn)
    waiting = await waiting_of(session, row.rujukan_program_id)
    if obstacle is None:
        leave_list(waiting, on, "PROMOTED")
        return True
    if waiting is None:
        session.add(_line(row, obstacle, on))
    else:
        waiting.reason, waiting.quota_id = obstacle.reason, obstacle.quota_id
    await session.flush()
    return False


async def _take(session: AsyncSession, row: RujukanProgram, on: date, *, in_turn: bool) -> Obstacle | None:
    if not await intake_open(session, row.program_code, on):
        return Obstacle(W.PENERIMAAN_TUTUP)
    if await holds_place(session, row.rujukan_program_id):
        return None
    wanted = quotas_over(row.program_code, row.kode_wilayah, on).with_for_update(key_share=True)
    quotas = (await session.scalars(wanted, execution_options={"populate_existing": True})).all()
    if not quotas:
        return Obstacle(W.TANPA_KUOTA) if await is_limited(session, row.program_code) else None
    for quota in quotas:
        if quota.taken >= quota.places or (quota.waiting and not in_turn):
            return Obstacle(W.KUOTA_PENUH, quota.quota_id)
    await _hold(session, row, quotas, on)
    return None


async def _hold(session: AsyncSession, row: RujukanProgram, quotas: Sequence[ProgramQuota], on: date) -> None:
    session.add_all(
        QuotaPlace(
            place_id=uuid7(),
            rujukan_program_id=row.rujukan_program_id,
            quota_id=quota.quota_id,
            taken_on=on,
        )
        for quota in quotas
    )
    await session.flush()


async def obstacles(session: AsyncSession, area: str, on: date) -> Callable[[str], Obstacle | None]:
    """Return what tells, by program code, what a family of this area would wait for if it agreed today; nothing is held.

    Two statements for the whole catalogue.
    """
    now = holds_on(IntakeWindow.opens_on, IntakeWindow.closes_on, on)
    windows = sa.select(IntakeWindow.program_code, sa.func.bool_or(now)).group_by(IntakeWindow.program_code)
    opens = {row[0]: bool(row[1]) for row in await session.execute(windows)}
    areas = [wilayah.NATIONAL, *wilayah.prefixes(area)]
    here = sa.and_(
        ProgramQuota.kode_wilayah.in_(areas), holds_on(ProgramQuota.valid_from, ProgramQuota.valid_to, on)
    )
    full = sa.or_(ProgramQuota.taken >= ProgramQuota.places, ProgramQuota.waiting > 0)
    quotas = sa.select(
        ProgramQuota.program_code, sa.func.bool_or(here), sa.func.bool_or(sa.and_(here, full))
    ).group_by(ProgramQuota.program_code)
    limited = {code: (covered, taken) for code, covered, taken in await session.execute(quotas)}

    def obstacle(code: str) -> Obstacle | None:
        if not opens.get(code, True):
            return Obstacle(W.PENERIMAAN_TUTUP)
        covered, taken = limited.get(code, (True, False))
        return Obstacle(W.KUOTA_PENUH) if taken else None if covered else Obstacle(W.TANPA_KUOTA)

    return obstacle


async def holds_place(session: AsyncSession, rujukan_program_id: UUID) -> bool:
    """Whether it holds a place already."""
    held = sa.select(QuotaPlace.place_id).where(
        QuotaPlace.rujukan_program_id == rujukan_program_id, QuotaPlace.released_on.is_(None)
    )
    return await session.scalar(held.limit(1)) is not None


async def is_limited(session: AsyncSession, code: str) -> bool:
    """Whether the program has ever had a quota: then it has places only where and while one holds."""
    found = sa.select(ProgramQuota.quota_id).where(ProgramQuota.program_code == code).limit(1)
    return await session.scalar(found) is not None


async def waiting_of(session: AsyncSession, rujukan_program_id: UUID) -> Waiting | None:
    """Return the line of the waiting list in which it stands, or None."""
    wanted = sa.select(Waiting).where(
        Waiting.rujukan_program_id == rujukan_program_id, Waiting.left_on.is_(None)
    )
    return await session.scalar(wanted)


def _line(row: RujukanProgram, obstacle: Obstacle, on: date) -> Waiting:
    return Waiting(
        rujukan_program_id=row.rujukan_program_id,
        program_code=row.program_code,
        kode_wilayah=row.kode_wilayah,
        reason=obstacle.reason,
        quota_id=obstacle.quota_id,
        since_on=on,
    )


def leave_list(waiting: Waiting | None, on: date, as_: str) -> None:
    """Leave the waiting list; the line stays, with the day and the way it was left."""
    if waiting is not None:
        waiting.left_on, waiting.left_as = on, as_


async def keep_places(session: AsyncSession, row: RujukanProgram, on: date) -> None:
    """Do what a state that was entered means for places: an end without aid gives them back to whoever is next.

    Aid that has reached a family has used its place up, also where it is taken back on paper later. On the partner's own list (DAFTAR_TUNGGU) a family keeps its place, and is shown in the order of the others.
    """
    waiting = await waiting_of(session, row.rujukan_program_id)
    if row.state in ENDED - {S.TUTUP}:
        leave_list(waiting, on, row.state)
        if row.delivered_on is None:
            await _release(session, row, on)
    elif row.state is S.DAFTAR_TUNGGU and waiting is None:
        session.add(_line(row, Obstacle(W.DAFTAR_MITRA), on))
    elif waiting is not None and waiting.reason is W.DAFTAR_MITRA:
        leave_list(waiting, on, row.state)
    await session.flush()


async def _release(session: AsyncSession, row: RujukanProgram, on: date) -> None:
    held = sa.select(QuotaPlace).where(
        QuotaPlace.rujukan_program_id == row.rujukan_program_id, QuotaPlace.released_on.is_(None)
    )
    places = (await session.scalars(held)).all()
    if not places:
        return
    await ask_promotion(session, row.program_code)
    quotas = sa.select(ProgramQuota.quota_id).where(
        ProgramQuota.quota_id.in_([place.quota_id for place in places])
    )
    await session.execute(quotas.order_by(ProgramQuota.quota_id).with_for_update(key_share=True))
    for place in places:
        place.released_on, place.released_as = on, row.state
    await session.flush()


async def ask_promotion(session: AsyncSession, code: str) -> None:
    """Let those who wait for a program be looked at as soon as this has happened."""
    payload = {"code": code}
    await schedule(session, PROMOTING, datetime.now(UTC), subject_id=code, clock="real", payload=payload)
