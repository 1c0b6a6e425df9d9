"""The limits of a caseload as the ministry sets them: a version follows another, and none is rewritten."""

from datetime import date

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.dampingan.errors import WarnedTooLate
from services.caseload.dampingan.models import DampinganLimit, DampinganLimitTerms
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
    session: AsyncSession, actor: Actor, terms: DampinganLimitTerms
) -> DampinganLimit:
    """Let a kind's limits be so from a day on; the version before ends that day. Saying the same again changes nothing.

    On that day registry is told of every caseload that stands on another side of its limit then.

    Raises:
        NotAllowed, WarnedTooLate, DateInThePast, VersionNotLatest, VersionJustSet.
    """
    if not actor.national:
        raise NotAllowed
    warn_above, refuse_above = terms.warn_above, terms.refuse_above
    if warn_above >= refuse_above:
        raise WarnedTooLate("/body/warn_above", warn_above=warn_above, refuse_above=refuse_above)
    last = await last_of(session, terms.kind)
    if last is not None and all(getattr(last, name) == value for name, value in terms):
        return last
    await give_way(session, last, terms.valid_from)
    limit = DampinganLimit(
        **terms.model_dump(exclude={"valid_from"}),
        version=last.version + 1 if last else 1,
        valid=Range(terms.valid_from, None),
        set_by=actor.sub,
        set_at=await clock.now(session),
    )
    just_set = VersionJustSet("/body")
    await insert(session, limit, pk_dampingan_limit=just_set, ex_dampingan_limit_one_at_a_time=just_set)
    kind = limit.kind.value
    place = {"subject_id": f"{kind}:{limit.version}", "payload": {"kind": kind}}
    await schedule(session, KIND, midnight(terms.valid_from), **place)
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
    if valid_from <= last.valid_from:
        raise VersionNotLatest("/body/valid_from", on=last.valid_from)
    last.valid = Range(last.valid_from, valid_from)
    await session.flush()
