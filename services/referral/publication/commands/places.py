"""What the ministry sets of a program's places and intake: for times to come, and for its code, whatever the revision."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.place.commands import PROMOTING, intake_open, seek_place
from services.referral.place.errors import (
    IntakeOverlaps,
    QuotaBelowTaken,
    QuotaOverlaps,
)
from services.referral.place.models import (
    IntakeTerms,
    IntakeWindow,
    ProgramQuota,
    ProgramQuotaChange,
    QuotaTerms,
    Waiting,
    WaitingReason,
)
from services.referral.rujukan.commands import SYSTEM, Move, walk
from services.referral.rujukan.models import RujukanProgram
from services.referral.sending.commands import ask_sending
from shared import clock, wilayah
from shared.access import Actor
from shared.contracts.kinds import RujukanProgramState
from shared.database import insert, uuid7
from shared.dates import midnight, require_ahead
from shared.errors import InvalidRange
from shared.jobs import Due, schedule
from shared.validity import end_previous, holds_on


async def set_places(
    session: AsyncSession,
    code: str,
    quotas: Iterable[QuotaTerms],
    intake: Iterable[IntakeTerms],
    actor: Actor,
) -> None:
    """Set the quotas and windows that come with a revision; what was set before and is not named here stays.

    Raises:
        as set_quota and set_intake
    """
    for quota in quotas:
        await set_quota(session, code, quota, actor)
    for window in intake:
        await set_intake(session, code, window, actor)


async def set_quota(session: AsyncSession, code: str, new: QuotaTerms, actor: Actor) -> ProgramQuota:
    """Set the places of an area; one set for the same first day is amended, one that began before ends where this begins.

    Whoever waits is looked at once it holds.

    Raises:
        WilayahUnknown, InvalidRange, QuotaBelowTaken, QuotaOverlaps, DateInThePast: it would end what was in force before
        today, and its places would be given a second time.
    """
    if new.kode_wilayah != wilayah.NATIONAL:
        wilayah.require(new.kode_wilayah, "/body/kode_wilayah")
    _require_order(new.valid_from, new.valid_to, "/body/valid_to")
    await _promote_from(session, code, new.valid_from, "quota")
    before, today = await _last_before(session, code, new), await clock.today(session)
    if before is not None and before.valid_from == new.valid_from:
        quota = _amended(before, new, today)
    else:
        await _end(session, before, new, today)
        quota = _begun(code, new, actor)
    overlaps = QuotaOverlaps("/body/valid_from", code=code, kode_wilayah=new.kode_wilayah)
    await insert(session, quota, ex_program_quota_range=overlaps)
    change = {name: getattr(quota, name) for name in ("quota_id", "version", "places", "valid_to")}
    session.add(ProgramQuotaChange(**change, set_by=actor.sub))
    return quota


async def _last_before(session: AsyncSession, code: str, new: QuotaTerms) -> ProgramQuota | None:
    wanted = sa.select(ProgramQuota).where(
        ProgramQuota.program_code == code,
        ProgramQuota.kode_wilayah == new.kode_wilayah,
        ProgramQuota.valid_from <= new.valid_from,
    )
    return await session.scalar(
        wanted.order_by(ProgramQuota.valid_from.desc()).limit(1).with_for_update(key_share=True)
    )


def _amended(quota: ProgramQuota, new: QuotaTerms, today: date) -> ProgramQuota:
    if new.places < quota.taken:
        raise QuotaBelowTaken("/body/places", taken=quota.taken, places=new.places)
    if new.valid_to is not None and new.valid_to != quota.valid_to:
        require_ahead(new.valid_to, today, "/body/valid_to")
    quota.places, quota.valid_to = new.places, new.valid_to
    quota.version += 1
    return quota


async def _end(session: AsyncSession, before: ProgramQuota | None, new: QuotaTerms, today: date) -> None:
    """Let the quota before end where the new one begins."""
    if before is None or (before.valid_to is not None and before.valid_to <= new.valid_from):
        return
    require_ahead(new.valid_from, today)
    before.version += 1
    overlaps = QuotaOverlaps("/body/valid_from", code=before.program_code, kode_wilayah=before.kode_wilayah)
    await end_previous(session, before, new.valid_from, overlaps)


def _begun(code: str, new: QuotaTerms, actor: Actor) -> ProgramQuota:
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
    """Say when applications are taken; one that opens on the same day closes anew. Who waits is looked at when it opens.

    Raises:
        InvalidRange, DateInThePast, IntakeOverlaps
    """
    _require_order(new.opens_on, new.closes_on, "/body/closes_on")
    today = await clock.today(session)
    if new.closes_on is not None:
        require_ahead(new.closes_on, today, "/body/closes_on")
    holds = holds_on(IntakeWindow.opens_on, IntakeWindow.closes_on, today)
    wanted = sa.select(IntakeWindow, holds).where(
        IntakeWindow.program_code == code, IntakeWindow.opens_on == new.opens_on
    )
    found = (await session.execute(wanted.with_for_update())).one_or_none()
    window, is_open = found or (_window(code, new, actor), False)
    if not is_open:  # to close an open one later, or sooner, opens nothing
        await _promote_from(session, code, new.opens_on, "intake")
    window.closes_on = new.closes_on
    overlaps = IntakeOverlaps("/body/opens_on", code=code)
    await insert(session, window, ex_intake_window_range=overlaps)
    return window


def _window(code: str, new: IntakeTerms, actor: Actor) -> IntakeWindow:
    return IntakeWindow(**dict(new), window_id=uuid7(), program_code=code, set_by=actor.sub)


def _require_order(begins_on: date, ends_on: date | None, pointer: str) -> None:
    if ends_on is not None and ends_on <= begins_on:
        raise InvalidRange(pointer, valid_from=begins_on, valid_to=ends_on)


async def _promote_from(
    session: AsyncSession, code: str, day: date, what: Literal["quota", "intake"]
) -> None:
    """Let the waiting list be looked at when the day begins in Jakarta; now, when it has begun."""
    payload = {"code": code, "opened": what == "intake"}
    await schedule(session, PROMOTING, midnight(day), subject_id=f"{code} {what} {day}", payload=payload)


AT_ONCE = 50
AGAIN = timedelta(seconds=1)


async def promote(session: AsyncSession, due: Due) -> None:
    """Let those who wait for a program go on, first come first; those whose own area is full do not hold up others.

    `opened` in the payload: an intake has opened, and with it the turn of those on the partner's own list comes again.
    """
    code, after = due.payload["code"], due.payload.get("after", 0)
    numbers = await _who_may(session, code, after)
    skipped = await _each(session, numbers, opened=bool(due.payload.get("opened")))
    if skipped or len(numbers) == AT_ONCE:
        following = {**due.payload, "after": after if skipped else numbers[-1]}
        wait = AGAIN if skipped else timedelta()
        await schedule(
            session,
            PROMOTING,
            datetime.now(UTC) + wait,
            subject_id=due.subject_id,
            clock="real",
            payload=following,
        )


async def _who_may(session: AsyncSession, code: str, after: int) -> Sequence[int]:
    """Return the next lines; who waits for a quota that is still full is passed over at no cost."""
    here = (ProgramQuota.quota_id == Waiting.quota_id, ProgramQuota.taken >= ProgramQuota.places)
    holds = holds_on(ProgramQuota.valid_from, ProgramQuota.valid_to, await clock.today(session))
    full = sa.select(ProgramQuota.quota_id).where(*here, holds).exists()
    mine = (Waiting.program_code == code, Waiting.left_on.is_(None), Waiting.number > after)
    wanted = sa.select(Waiting.number).where(*mine, ~full).order_by(Waiting.number).limit(AT_ONCE)
    return (await session.scalars(wanted)).all()


async def _each(session: AsyncSession, numbers: Sequence[int], *, opened: bool) -> bool:
    """Promote these in order; return whether somebody else was at work on one of them, which is not waited for."""
    lines = (
        sa.select(Waiting, RujukanProgram)
        .join(RujukanProgram, RujukanProgram.rujukan_program_id == Waiting.rujukan_program_id)
        .where(Waiting.number.in_(numbers))
        .order_by(Waiting.number)
        .with_for_update(of=RujukanProgram, key_share=True, skip_locked=True)
    )
    today, met = await clock.today(session), 0
    for waiting, row in await session.execute(lines, execution_options={"populate_existing": True}):
        met += 1
        if waiting.left_on is None:
            await _promote(session, waiting, row, today, opened=opened)
    return met < len(numbers)


async def _promote(
    session: AsyncSession, waiting: Waiting, row: RujukanProgram, today: date, *, opened: bool
) -> None:
    if waiting.reason is not WaitingReason.DAFTAR_MITRA:
        if await seek_place(session, row, today, in_turn=True):
            await ask_sending(session, row.rujukan_program_id)
    elif opened and await intake_open(session, row.program_code, today):
        move = Move(SYSTEM, today, "the program's intake has opened")
        await walk(session, row, RujukanProgramState.DIPROSES, move)
