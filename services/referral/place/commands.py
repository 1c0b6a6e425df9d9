"""Reserve places in quotas for consented families, keep the waiting list, and release places.

Locks are taken in one order: the rujukan program, then scheduled tasks, then the quotas by their ids.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.place.models import (
    IntakeWindow,
    ProgramQuota,
    QuotaPlace,
    WaitingListEntry,
    WaitingReason,
)
from services.referral.place.queries import read_waiting_list_entry
from services.referral.rujukan.models import ENDED, RujukanProgram
from shared import wilayah
from shared.contracts.rujukan_kinds import RujukanProgramState
from shared.database import uuid7
from shared.jobs import schedule
from shared.validity import not_voided, valid_on

# Handled in publication/jobs.py: this module must not import publication.
PROMOTE_WAITING = "program.promote_waiting"
S, W = RujukanProgramState, WaitingReason
# Voided quotas and windows have an empty range.
IS_QUOTA = not_voided(ProgramQuota.valid_from, ProgramQuota.valid_to)
IS_WINDOW = not_voided(IntakeWindow.opens_on, IntakeWindow.closes_on)


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why a consented family must wait, and the quota that is full."""

    reason: WaitingReason
    quota_id: UUID | None = None


async def is_intake_open(session: AsyncSession, code: str, on: date) -> bool:
    """Return whether the program takes applications on a day. A program without windows always does."""
    windows = sa.select(IntakeWindow.window_id).where(IntakeWindow.program_code == code, IS_WINDOW)
    open_windows = windows.where(valid_on(IntakeWindow.opens_on, IntakeWindow.closes_on, on))
    has_windows, is_open = (
        await session.execute(sa.select(sa.exists(windows), sa.exists(open_windows)))
    ).one()
    return bool(is_open or not has_windows)


def select_covering_quotas(code: str, kode_wilayah: str, on: date) -> sa.Select[ProgramQuota]:
    """Select the quotas of a program over an area, in the order of locking."""
    areas = [wilayah.NATIONAL, *wilayah.prefixes(kode_wilayah)]
    statement = sa.select(ProgramQuota).where(
        ProgramQuota.program_code == code, ProgramQuota.kode_wilayah.in_(areas)
    )
    in_force = valid_on(ProgramQuota.valid_from, ProgramQuota.valid_to, on)
    return statement.where(in_force).order_by(ProgramQuota.quota_id)


async def reserve_place(
    session: AsyncSession, row: RujukanProgram, on: date, *, in_turn: bool = False
) -> bool:
    """Reserve a place for a consented rujukan program, or put it on the waiting list.

    A repeated call changes nothing. A new family waits behind those who wait for the same quota; `in_turn`
    is set for a family that comes from the waiting list. The caller has locked the row. Return whether it
    may go to the partner.
    """
    obstacle = await _try_to_reserve(session, row, on, in_turn=in_turn)
    waiting = await read_waiting_list_entry(session, row.rujukan_program_id)
    if obstacle is None:
        leave_waiting_list(waiting, on, "PROMOTED")
        return True
    if waiting is None:
        session.add(_new_waiting_list_entry(row, obstacle, on))
    else:
        waiting.reason, waiting.quota_id = obstacle.reason, obstacle.quota_id
    await session.flush()
    return False


async def _try_to_reserve(
    session: AsyncSession, row: RujukanProgram, on: date, *, in_turn: bool
) -> Obstacle | None:
    if not await is_intake_open(session, row.program_code, on):
        return Obstacle(W.PENERIMAAN_TUTUP)
    if await holds_place(session, row.rujukan_program_id):
        return None
    statement = select_covering_quotas(row.program_code, row.kode_wilayah, on).with_for_update(key_share=True)
    quotas = (await session.scalars(statement, execution_options={"populate_existing": True})).all()
    if not quotas:
        return Obstacle(W.TANPA_KUOTA) if await has_quota(session, row.program_code) else None
    for quota in quotas:
        if quota.taken >= quota.places or (quota.waiting and not in_turn):
            return Obstacle(W.KUOTA_PENUH, quota.quota_id)
    await _insert_places(session, row, quotas, on)
    return None


async def _insert_places(
    session: AsyncSession, row: RujukanProgram, quotas: Sequence[ProgramQuota], on: date
) -> None:
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


async def read_obstacles(
    session: AsyncSession, kode_wilayah: str, on: date
) -> Callable[[str], Obstacle | None]:
    """Return a function from a program code to its obstacle today in this area.

    Nothing is reserved. It takes two statements for the whole catalogue.
    """
    is_open = valid_on(IntakeWindow.opens_on, IntakeWindow.closes_on, on)
    windows = sa.select(IntakeWindow.program_code, sa.func.bool_or(is_open)).where(IS_WINDOW)
    windows = windows.group_by(IntakeWindow.program_code)
    open_by_code = {row[0]: bool(row[1]) for row in await session.execute(windows)}
    areas = [wilayah.NATIONAL, *wilayah.prefixes(kode_wilayah)]
    covers_area = sa.and_(
        ProgramQuota.kode_wilayah.in_(areas), valid_on(ProgramQuota.valid_from, ProgramQuota.valid_to, on)
    )
    full = sa.or_(ProgramQuota.taken >= ProgramQuota.places, ProgramQuota.waiting > 0)
    quotas = sa.select(
        ProgramQuota.program_code, sa.func.bool_or(covers_area), sa.func.bool_or(sa.and_(covers_area, full))
    )
    quotas = quotas.where(IS_QUOTA).group_by(ProgramQuota.program_code)
    quota_by_code = {code: (covered, is_full) for code, covered, is_full in await session.execute(quotas)}

    def obstacle_of(code: str) -> Obstacle | None:
        if not open_by_code.get(code, True):
            return Obstacle(W.PENERIMAAN_TUTUP)
        covered, is_full = quota_by_code.get(code, (True, False))
        return Obstacle(W.KUOTA_PENUH) if is_full else None if covered else Obstacle(W.TANPA_KUOTA)

    return obstacle_of


async def holds_place(session: AsyncSession, rujukan_program_id: UUID) -> bool:
    statement = sa.select(QuotaPlace.place_id).where(
        QuotaPlace.rujukan_program_id == rujukan_program_id, QuotaPlace.released_on.is_(None)
    )
    return await session.scalar(statement.limit(1)) is not None


async def has_quota(session: AsyncSession, code: str) -> bool:
    """Return whether the program has ever had a quota.

    Such a program has places only where and while a quota is in force.
    """
    statement = sa.select(ProgramQuota.quota_id).where(ProgramQuota.program_code == code, IS_QUOTA).limit(1)
    return await session.scalar(statement) is not None


def _new_waiting_list_entry(row: RujukanProgram, obstacle: Obstacle, on: date) -> WaitingListEntry:
    return WaitingListEntry(
        rujukan_program_id=row.rujukan_program_id,
        program_code=row.program_code,
        kode_wilayah=row.kode_wilayah,
        reason=obstacle.reason,
        quota_id=obstacle.quota_id,
        since_on=on,
    )


def leave_waiting_list(waiting: WaitingListEntry | None, on: date, as_: str) -> None:
    """Close the row of the waiting list with the day and the reason.

    The row is not deleted.
    """
    if waiting is not None:
        waiting.left_on, waiting.left_as = on, as_


async def retake_places(session: AsyncSession, row: RujukanProgram, on: date) -> None:
    """Take the places of a reopened offer if each quota has a free one."""
    statement = select_covering_quotas(row.program_code, row.kode_wilayah, on).with_for_update(key_share=True)
    quotas = (await session.scalars(statement, execution_options={"populate_existing": True})).all()
    if all(quota.free for quota in quotas) and not await holds_place(session, row.rujukan_program_id):
        await _insert_places(session, row, quotas, on)


async def update_places(session: AsyncSession, row: RujukanProgram, on: date) -> None:
    """Apply a new state to places: an offer that ends without aid releases its places.

    Aid that was delivered has used its place, even if it is withdrawn later. On the partner's own list
    (DAFTAR_TUNGGU) a family keeps its place and gets a row of the waiting list.
    """
    waiting = await read_waiting_list_entry(session, row.rujukan_program_id)
    if row.state in ENDED - {S.TUTUP}:
        leave_waiting_list(waiting, on, row.state)
        if row.delivered_on is None:
            await _release(session, row, on)
    elif row.state is S.DAFTAR_TUNGGU and waiting is None:
        session.add(_new_waiting_list_entry(row, Obstacle(W.DAFTAR_MITRA), on))
    elif waiting is not None and waiting.reason is W.DAFTAR_MITRA:
        leave_waiting_list(waiting, on, row.state)
    await session.flush()


async def _release(session: AsyncSession, row: RujukanProgram, on: date) -> None:
    statement = sa.select(QuotaPlace).where(
        QuotaPlace.rujukan_program_id == row.rujukan_program_id, QuotaPlace.released_on.is_(None)
    )
    places = (await session.scalars(statement)).all()
    if not places:
        return
    await schedule_promotion(session, row.program_code)
    quotas = sa.select(ProgramQuota.quota_id).where(
        ProgramQuota.quota_id.in_([place.quota_id for place in places])
    )
    await session.execute(quotas.order_by(ProgramQuota.quota_id).with_for_update(key_share=True))
    for place in places:
        place.released_on, place.released_as = on, row.state
    await session.flush()


async def schedule_promotion(session: AsyncSession, code: str) -> None:
    """Schedule a look at the waiting list of a program for now."""
    payload = {"code": code}
    await schedule(
        session, PROMOTE_WAITING, datetime.now(UTC), subject_id=code, clock="real", payload=payload
    )
