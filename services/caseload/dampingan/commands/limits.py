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
from shared.errors import NotAllowed, VersionJustSet
from shared.jobs import schedule

CHECK_LIMITS = "dampingan_limit.check"
BATCH_SIZE = 500


async def set_dampingan_limit(
    session: AsyncSession, actor: Actor, terms: DampinganLimitTerms
) -> DampinganLimit:
    """Set the limits of a kind from a day on.

    The previous version ends on that day. Versions that begin on it or later are replaced, and cover no day.

    Setting the same limits again changes nothing. On that day a job emits each caseload that crosses its new limit.

    Raises:
        NotAllowed, WarningNotBelowRefusal, DateInThePast, VersionJustSet.
    """
    if not actor.national:
        raise NotAllowed
    warn_above, refuse_above = terms.warn_above, terms.refuse_above
    if warn_above >= refuse_above:
        raise WarningNotBelowRefusal("/body/warn_above", warn_above=warn_above, refuse_above=refuse_above)
    last = await lock_last_version(session, terms.kind)
    same = last is not None and all(getattr(last, name) == value for name, value in terms)
    if last is not None and same and last.cancelled_from is None:
        return last
    await end_previous_versions(session, terms.kind, terms.valid_from)
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


async def end_previous_versions(session: AsyncSession, kind: PilarKind, valid_from: date) -> None:
    """End the version that covers a day, and cancel those that begin later.

    Raises:
        DateInThePast.
    """
    require_not_past(valid_from, await clock.today(session))
    later = sa.select(DampinganLimit).where(
        DampinganLimit.kind == kind,
        DampinganLimit.cancelled_from.is_(None),
        sa.func.coalesce(DampinganLimit.valid_to > valid_from, True),
    )
    for row in (await session.scalars(later.with_for_update(key_share=True))).all():
        if row.valid_from < valid_from:
            row.valid = Range(row.valid_from, valid_from)
        else:
            row.cancelled_from, row.valid = row.valid_from, Range(empty=True)
    await session.flush()
