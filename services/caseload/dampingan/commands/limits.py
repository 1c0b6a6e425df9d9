"""The limits of a caseload as the ministry sets them: a version follows another, and none is rewritten."""

from datetime import date

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.dampingan.errors import WarnedTooLate
from services.caseload.dampingan.models import DampinganLimit
from shared import clock
from shared.access import Actor
from shared.contracts.kinds import PilarKind
from shared.database import insert
from shared.dates import midnight, require_ahead
from shared.errors import NotAllowed, VersionJustSet, VersionNotLatest
from shared.jobs import schedule

KIND = "limit_in_force"
AT_ONCE = 500


async def set_dampingan_limit(
    session: AsyncSession,
    actor: Actor,
    *,
    kind: PilarKind,
    warn_above: int,
    refuse_above: int,
    valid_from: date,
    basis: str,
) -> DampinganLimit:
    """Let a kind's limits be so from a day on; the version before ends that day. Saying the same again changes nothing.

    On that day registry is told of every caseload that stands on another side of its limit then.

    Raises:
        NotAllowed, WarnedTooLate, DateInThePast, VersionNotLatest, VersionJustSet.
    """
    if not actor.national:
        raise NotAllowed
    if warn_above >= refuse_above:
        raise WarnedTooLate("/body/warn_above", warn_above=warn_above, refuse_above=refuse_above)
    last = await last_of(session, kind)
    said = (warn_above, refuse_above, valid_from, basis)
    if last is not None and said == (last.warn_above, last.refuse_above, last.valid.lower, last.basis):
        return last
    await give_way(session, last, valid_from)
    limit = DampinganLimit(
        kind=kind,
        version=last.version + 1 if last else 1,
        warn_above=warn_above,
        refuse_above=refuse_above,
        valid=Range(valid_from, None),
        basis=basis,
        set_by=actor.sub,
        set_at=await clock.now(session),
    )
    just_set = VersionJustSet("/body")
    await insert(session, limit, pk_dampingan_limit=just_set, ex_dampingan_limit_one_at_a_time=just_set)
    place = {"subject_id": f"{kind.value}:{limit.version}", "payload": {"kind": kind.value}}
    await schedule(session, KIND, midnight(valid_from), **place)
    return limit


async def last_of(session: AsyncSession, kind: PilarKind) -> DampinganLimit | None:
    """Return a kind's newest version, locked."""
    newest = (
        sa.select(DampinganLimit).where(DampinganLimit.kind == kind).order_by(DampinganLimit.version.desc())
    )
    return await session.scalar(
        newest.limit(1).with_for_update(key_share=True).execution_options(populate_existing=True)
    )


async def give_way(session: AsyncSession, last: DampinganLimit | None, valid_from: date) -> None:
    """End the version before on the new one's first day.

    Raises:
        DateInThePast, VersionNotLatest.
    """
    require_ahead(valid_from, await clock.today(session))
    if last is None:
        return
    first = last.valid.lower
    if first is not None and valid_from <= first:
        raise VersionNotLatest("/body/valid_from", on=first)
    last.valid = Range(first, valid_from)
    await session.flush()
