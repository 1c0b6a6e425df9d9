"""Set and end the kinds of pilar sosial, and the pairs of kinds that exclude each other."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.history import remember_range
from services.registry.kind.errors import (
    ConflictOverlaps,
    KindNotInForce,
    KindStillHeld,
    OneKindTwice,
    SuccessorUnknown,
)
from services.registry.kind.models import PilarKindTerms, PilarKindVersion, RoleConflict, RoleConflictTerms
from services.registry.kind.rules import require_earlier_end
from services.registry.placement.models import Penugasan
from services.registry.visibility import require_national
from shared.access import Actor
from shared.contracts.kinds import PilarKind
from shared.database import insert, load, uuid7
from shared.errors import VersionNotLatest
from shared.validity import covers, end_previous, goes_on_after, holds_on

REVISED = "REVISI"


async def set_pilar_kind(session: AsyncSession, actor: Actor, terms: PilarKindTerms) -> PilarKindVersion:
    """Let a kind be so from `valid_from`; what held until then ends that day. Saying the same again changes nothing.

    Raises NotAllowed, VersionNotLatest.
    """
    require_national(actor)
    last = await _last(session, terms.kind)
    if last is not None and all(getattr(last, name) == value for name, value in terms):
        return last
    row = PilarKindVersion(
        **dict(terms), pilar_kind_id=uuid7(), version=1, set_at=datetime.now(UTC), set_by=actor.sub
    )
    await _give_way(session, actor, last, row)
    taken = VersionNotLatest("/body/valid_from", on=row.valid_from)
    await insert(
        session, row, **dict.fromkeys(("uq_pilar_kind_kind_valid_from", "ex_pilar_kind_range"), taken)
    )
    remember_range(session, row, reason=REVISED, actor=actor)
    return row


async def _last(session: AsyncSession, kind: PilarKind) -> PilarKindVersion | None:
    newest_first = (
        sa.select(PilarKindVersion)
        .where(PilarKindVersion.kind == kind)
        .order_by(PilarKindVersion.valid_from.desc())
    )
    locked = newest_first.limit(1).with_for_update(key_share=True).execution_options(populate_existing=True)
    return await session.scalar(locked)


async def _give_way(
    session: AsyncSession, actor: Actor, last: PilarKindVersion | None, row: PilarKindVersion
) -> None:
    if last is None:
        return
    refusal = VersionNotLatest("/body/valid_from", on=last.valid_from)
    if await end_previous(session, last, row.valid_from, refusal):
        last.successor_kind = None
        last.version += 1
        remember_range(session, last, reason=REVISED, actor=actor)
        await session.flush()


async def end_pilar_kind(
    session: AsyncSession,
    actor: Actor,
    pilar_kind_id: UUID,
    *,
    valid_to: date,
    successor_kind: PilarKind | None,
    reason: str,
) -> PilarKindVersion:
    """End a kind; `valid_to` is the first day without it, on which `successor_kind` is in force.

    Raises NotAllowed, NotFound, InvalidRange, EndAlreadySet, KindStillHeld, SuccessorUnknown.
    """
    require_national(actor)
    row = await load(session, PilarKindVersion, pilar_kind_id, noun="pilar kind")
    require_earlier_end(row.valid_from, row.valid_to, valid_to, earliest=row.valid_from + timedelta(days=1))
    await _refuse_held(session, row, valid_to)
    await _check_successor(session, row, successor_kind, valid_to)
    row.valid_to, row.successor_kind = valid_to, successor_kind
    row.version += 1
    remember_range(session, row, reason=reason, actor=actor)
    return row


async def _refuse_held(session: AsyncSession, row: PilarKindVersion, valid_to: date) -> None:
    statement = sa.select(sa.func.count()).where(
        Penugasan.kind == row.kind,
        goes_on_after(Penugasan.valid_to, valid_to),
        goes_on_after(Penugasan.valid_to, Penugasan.valid_from),
    )
    if held := await session.scalar(statement):
        raise KindStillHeld("/body/valid_to", kind=row.kind.value, valid_to=valid_to, count=held)


async def _check_successor(
    session: AsyncSession, row: PilarKindVersion, successor: PilarKind | None, on: date
) -> None:
    if successor is None:
        return
    holds = holds_on(PilarKindVersion.valid_from, PilarKindVersion.valid_to, on)
    found = await session.scalar(
        sa.select(PilarKindVersion.kind).where(PilarKindVersion.kind == successor, holds)
    )
    if found is None or successor is row.kind:
        raise SuccessorUnknown("/body/successor_kind", successor=successor.value, valid_to=on)


async def require_in_force(
    session: AsyncSession, kind: PilarKind, valid_from: date, valid_to: date | None
) -> PilarKindVersion:
    """Return what the kind is on `valid_from`; it is in force in all of the time, and cannot end meanwhile.

    Raises KindNotInForce.
    """
    rows = (
        sa.select(PilarKindVersion).where(PilarKindVersion.kind == kind).order_by(PilarKindVersion.valid_from)
    )
    shared = rows.with_for_update(read=True).execution_options(populate_existing=True)
    terms = list(await session.scalars(shared))
    first = next((row for row in terms if covers(row.valid_from, row.valid_to, valid_from)), None)
    reached = first.valid_to or date.max if first else date.min
    for row in terms:
        if first is not None and row.valid_from == reached:
            reached = row.valid_to or date.max
    if first is None or reached < (valid_to or date.max):
        successor = next((row.successor_kind.value for row in reversed(terms) if row.successor_kind), "-")
        raise KindNotInForce("/body/kind", kind=kind.value, successor=successor)
    return first


FIRST_REASON = "ATURAN_BARU"


async def set_role_conflict(session: AsyncSession, actor: Actor, terms: RoleConflictTerms) -> RoleConflict:
    """Forbid a pair from `valid_from` (`paid_only`: where both are paid). Placements that were made stay.

    Raises NotAllowed, OneKindTwice, ConflictOverlaps: a pair has one rule at a time, whichever kind is named first.
    """
    require_national(actor)
    row = RoleConflict(**dict(terms), role_conflict_id=uuid7(), version=1)
    kind, other = row.kind.value, row.other_kind.value
    refusals = {
        "ck_role_conflict_two_kinds": OneKindTwice("/body/other_kind", kind=kind, other=other),
        "ex_role_conflict_range": ConflictOverlaps("/body/valid_from", kind=kind, other=other),
    }
    await insert(session, row, **refusals)
    remember_range(session, row, reason=FIRST_REASON, actor=actor)
    return row


async def end_role_conflict(
    session: AsyncSession, actor: Actor, role_conflict_id: UUID, *, valid_to: date, reason: str
) -> RoleConflict:
    """Let a pair be free from `valid_to`.

    Raises NotAllowed, NotFound, InvalidRange, EndAlreadySet.
    """
    require_national(actor)
    row = await load(session, RoleConflict, role_conflict_id, noun="role conflict")
    require_earlier_end(row.valid_from, row.valid_to, valid_to, earliest=row.valid_from + timedelta(days=1))
    row.valid_to = valid_to
    row.version += 1
    remember_range(session, row, reason=reason, actor=actor)
    return row
