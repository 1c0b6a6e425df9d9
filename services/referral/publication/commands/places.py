"""Set quotas and intake windows of a program, and promote families from its waiting list.

They are set for future days and for the code of the program, in all its revisions.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.partner_call.commands import schedule_sending
from services.referral.place.commands import PROMOTE_WAITING, is_intake_open, reserve_place
from services.referral.place.errors import IntakeOverlaps, QuotaBelowTaken, QuotaOverlaps
from services.referral.place.models import (
    IntakeTerms,
    IntakeWindow,
    ProgramQuota,
    ProgramQuotaChange,
    QuotaTerms,
    WaitingListEntry,
    WaitingReason,
)
from services.referral.rujukan.commands import SYSTEM, Move, move_rujukan_program
from services.referral.rujukan.models import RujukanProgram
from services.referral.tables import MoveReason
from shared import clock, wilayah
from shared.access import Actor
from shared.contracts.rujukan_kinds import RujukanProgramState
from shared.database import insert, uuid7
from shared.dates import midnight, require_not_past
from shared.errors import InvalidRange
from shared.jobs import ScheduledTask, schedule
from shared.validity import end_previous, not_voided, valid_on


async def set_places(
    session: AsyncSession,
    code: str,
    quotas: Iterable[QuotaTerms],
    intake: Iterable[IntakeTerms],
    actor: Actor,
) -> None:
    """Set the quotas and windows that come with a revision.

    Those set before and not named here stay.

    Raises:
        As set_quota and set_intake.
    """
    for quota in quotas:
        await set_quota(session, code, quota, actor)
    for window in intake:
        await set_intake(session, code, window, actor)


async def set_quota(session: AsyncSession, code: str, new: QuotaTerms, actor: Actor) -> ProgramQuota:
    """Set how many places a program has in an area.

    A quota with the same first day is amended. One that started before ends where this one starts. On the first day
    the waiting list is processed, and after the last one, because other quotas may have places for those who waited.

    Raises:
        WilayahUnknown, InvalidRange, QuotaBelowTaken, QuotaOverlaps.
        DateInThePast: it would end a quota before today.
    """
    if new.kode_wilayah != wilayah.NATIONAL:
        wilayah.require(new.kode_wilayah, "/body/kode_wilayah")
    _require_range(new.valid_from, new.valid_to, "/body/valid_to")
    for day in (new.valid_from, new.valid_to):
        if day is not None:
            await _schedule_promotion(session, code, day, "quota")
    previous, today = await _lock_previous_quota(session, code, new), await clock.today(session)
    overlaps = QuotaOverlaps("/body/valid_to", code=code, kode_wilayah=new.kode_wilayah)
    if previous is not None and previous.valid_from == new.valid_from:
        quota = _amend_quota(previous, new, today, actor)
    else:
        await _end_previous_quota(session, previous, new, today, overlaps)
        quota = _new_quota(code, new, actor)
    await insert(session, quota, ex_program_quota_range=overlaps)
    change = {name: getattr(quota, name) for name in ("quota_id", "version", "places", "valid_to")}
    session.add(ProgramQuotaChange(**change, set_by=actor.sub))
    return quota


async def _lock_previous_quota(session: AsyncSession, code: str, new: QuotaTerms) -> ProgramQuota | None:
    statement = sa.select(ProgramQuota).where(
        ProgramQuota.program_code == code,
        ProgramQuota.kode_wilayah == new.kode_wilayah,
        ProgramQuota.valid_from <= new.valid_from,
        not_voided(ProgramQuota.valid_from, ProgramQuota.valid_to),
    )
    return await session.scalar(
        statement.order_by(ProgramQuota.valid_from.desc()).limit(1).with_for_update(key_share=True)
    )


def _amend_quota(quota: ProgramQuota, new: QuotaTerms, today: date, actor: Actor) -> ProgramQuota:
    if new.places < quota.taken:
        raise QuotaBelowTaken("/body/places", taken=quota.taken, places=new.places)
    if new.valid_to is not None and new.valid_to != quota.valid_to:
        require_not_past(new.valid_to, today, "/body/valid_to")
    quota.places, quota.valid_to = new.places, new.valid_to
    quota.version += 1
    quota.set_by, quota.set_at = actor.sub, datetime.now(UTC)
    return quota


async def _end_previous_quota(
    session: AsyncSession,
    previous: ProgramQuota | None,
    new: QuotaTerms,
    today: date,
    overlaps: QuotaOverlaps,
) -> None:
    if previous is None or (previous.valid_to is not None and previous.valid_to <= new.valid_from):
        return
    require_not_past(new.valid_from, today)
    previous.version += 1
    await end_previous(session, previous, new.valid_from, overlaps)


def _new_quota(code: str, new: QuotaTerms, actor: Actor) -> ProgramQuota:
    return ProgramQuota(
        **dict(new),
        quota_id=uuid7(),
        program_code=code,
        taken=0,
        waiting=0,
        version=1,
        set_by=actor.sub,
    )


async def set_intake(session: AsyncSession, code: str, new: IntakeTerms, actor: Actor) -> IntakeWindow:
    """Set when applications are taken.

    A window that opens on the same day gets the new end. When it opens, the waiting list is processed.

    Raises:
        InvalidRange, DateInThePast, IntakeOverlaps
    """
    _require_range(new.opens_on, new.closes_on, "/body/closes_on")
    today = await clock.today(session)
    if new.closes_on is not None:
        require_not_past(new.closes_on, today, "/body/closes_on")
    in_force = valid_on(IntakeWindow.opens_on, IntakeWindow.closes_on, today)
    statement = sa.select(IntakeWindow, in_force).where(
        IntakeWindow.program_code == code,
        IntakeWindow.opens_on == new.opens_on,
        not_voided(IntakeWindow.opens_on, IntakeWindow.closes_on),
    )
    stored = (await session.execute(statement.with_for_update())).one_or_none()
    window, is_open = stored or (_new_window(code, new, actor), False)
    if not is_open:  # moving the end of an open window promotes nobody
        await _schedule_promotion(session, code, new.opens_on, "intake")
    window.closes_on, window.set_by, window.set_at = new.closes_on, actor.sub, datetime.now(UTC)
    overlaps = IntakeOverlaps("/body/opens_on", code=code)
    await insert(session, window, ex_intake_window_range=overlaps)
    return window


def _new_window(code: str, new: IntakeTerms, actor: Actor) -> IntakeWindow:
    return IntakeWindow(**dict(new), window_id=uuid7(), program_code=code, set_by=actor.sub)


def _require_range(starts_on: date, ends_on: date | None, pointer: str) -> None:
    if ends_on is not None and ends_on <= starts_on:
        raise InvalidRange(pointer, valid_from=starts_on, valid_to=ends_on)


async def _schedule_promotion(
    session: AsyncSession, code: str, day: date, what: Literal["quota", "intake"]
) -> None:
    """Schedule the waiting list for the start of the day in Jakarta, or for now."""
    payload = {"code": code, "opened": what == "intake"}
    await schedule(
        session, PROMOTE_WAITING, midnight(day), subject_id=f"{code} {what} {day}", payload=payload
    )


BATCH_SIZE = 50
RETRY_WAIT = timedelta(seconds=1)


async def promote_waiting(session: AsyncSession, due: ScheduledTask) -> None:
    """Promote those who wait for a program, first come first.

    A full area does not hold up others.

    `opened` in the payload: an intake has opened, so those on the partner's own list are promoted again.
    """
    code, after = due.payload["code"], due.payload.get("after", 0)
    numbers = await _read_numbers(session, code, after)
    skipped = await _promote_each(session, numbers, opened=bool(due.payload.get("opened")))
    if skipped or len(numbers) == BATCH_SIZE:
        payload = {**due.payload, "after": after if skipped else numbers[-1]}
        wait = RETRY_WAIT if skipped else timedelta()
        await schedule(
            session,
            PROMOTE_WAITING,
            datetime.now(UTC) + wait,
            subject_id=due.subject_id,
            clock="real",
            payload=payload,
        )


async def _read_numbers(session: AsyncSession, code: str, after: int) -> Sequence[int]:
    """Return the numbers of the next rows.

    Rows that wait for a full quota are left out.
    """
    covers = (ProgramQuota.quota_id == WaitingListEntry.quota_id, ProgramQuota.taken >= ProgramQuota.places)
    in_force = valid_on(ProgramQuota.valid_from, ProgramQuota.valid_to, await clock.today(session))
    full = sa.select(ProgramQuota.quota_id).where(*covers, in_force).exists()
    conditions = (
        WaitingListEntry.program_code == code,
        WaitingListEntry.left_on.is_(None),
        WaitingListEntry.number > after,
    )
    statement = (
        sa.select(WaitingListEntry.number)
        .where(*conditions, ~full)
        .order_by(WaitingListEntry.number)
        .limit(BATCH_SIZE)
    )
    return (await session.scalars(statement)).all()


async def _promote_each(session: AsyncSession, numbers: Sequence[int], *, opened: bool) -> bool:
    """Promote these rows in order, and return whether one was skipped.

    A row that another transaction locks is skipped.
    """
    rows = (
        sa.select(WaitingListEntry, RujukanProgram)
        .join(RujukanProgram, RujukanProgram.rujukan_program_id == WaitingListEntry.rujukan_program_id)
        .where(WaitingListEntry.number.in_(numbers))
        .order_by(WaitingListEntry.number)
        .with_for_update(of=RujukanProgram, key_share=True, skip_locked=True)
    )
    today, locked = await clock.today(session), 0
    for waiting, row in await session.execute(rows, execution_options={"populate_existing": True}):
        locked += 1
        if waiting.left_on is None:
            await _promote(session, waiting, row, today, opened=opened)
    return locked < len(numbers)


async def _promote(
    session: AsyncSession, waiting: WaitingListEntry, row: RujukanProgram, today: date, *, opened: bool
) -> None:
    if waiting.reason is not WaitingReason.DAFTAR_MITRA:
        if await reserve_place(session, row, today, in_turn=True):
            await schedule_sending(session, row.rujukan_program_id)
    elif opened and await is_intake_open(session, row.program_code, today):
        move = Move(SYSTEM, today, MoveReason.PENERIMAAN_DIBUKA)
        await move_rujukan_program(session, row, RujukanProgramState.DIPROSES, move)
