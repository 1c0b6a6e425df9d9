"""Versions of the caseload limits, set by the ministry."""

from datetime import date

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.dampingan.errors import WarningNotBelowRefusal
from services.caseload.dampingan.models import DampinganLimit, DampinganLimitTerms
from shared import clock
from shared.access import Actor
from shared.contracts.kinds import PilarKind
from shared.database import insert
from shared.dates import midnight, require_not_past
from shared.errors import NotAllowed, VersionJustSet, VersionNotLatest
from shared.jobs import schedule

CHECK_LIMITS = "dampingan_limit.check"
BATCH_SIZE = 500


async def set_dampingan_limit(
    session: AsyncSession, actor: Actor, terms: DampinganLimitTerms
) -> DampinganLimit:
    """Set the limits of a kind from a day on.

    The previous version ends on that day.

    Setting the same limits again changes nothing. On that day a job emits each caseload that crosses its new limit.

    Raises:
        NotAllowed, WarningNotBelowRefusal, DateInThePast, VersionNotLatest, VersionJustSet.
    """
    if not actor.national:
        raise NotAllowed
    warn_above, refuse_above = terms.warn_above, terms.refuse_above
    if warn_above >= refuse_above:
        raise WarningNotBelowRefusal("/body/warn_above", warn_above=warn_above, refuse_above=refuse_above)
    last = await lock_last_version(session, terms.kind)
    if last is not None and all(getattr(last, name) == value for name, value in terms):
        return last
    await end_previous_version(session, last, terms.valid_from)
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
    task = {"subject_id": f"{kind}:{limit.version}", "payload": {"kind": kind}}
    await schedule(session, CHECK_LIMITS, midnight(terms.valid_from), **task)
    return limit


async def lock_last_version(session: AsyncSession, kind: PilarKind) -> DampinganLimit | None:
    """Lock and return a kind's newest version."""
    newest = (
        sa.select(DampinganLimit).where(DampinganLimit.kind == kind).order_by(DampinganLimit.version.desc())
    )
    return await session.scalar(
        newest.limit(1).with_for_update(key_share=True).execution_options(populate_existing=True)
    )


async def end_previous_version(session: AsyncSession, last: DampinganLimit | None, valid_from: date) -> None:
    """End the previous version on the new one's first day.

    Raises:
        DateInThePast, VersionNotLatest.
    """
    require_not_past(valid_from, await clock.today(session))
    if last is None:
        return
    if valid_from <= last.valid_from:
        raise VersionNotLatest("/body/valid_from", on=last.valid_from)
    last.valid = Range(last.valid_from, valid_from)
    await session.flush()
