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
from services.registry.kind.models import HeldBy, PilarLevel, PilarTerms, RoleConflict
from services.registry.kind.rules import require_earlier_end
from services.registry.placement.models import Penugasan
from services.registry.visibility import require_national
from shared.access import Actor
from shared.contracts.kinds import Ditjen, PilarKind
from shared.database import insert, load, uuid7
from shared.errors import VersionNotLatest
from shared.validity import covers, end_previous, goes_on_after, holds_on

REVISED = "REVISI"
CONTENT = ("name", "ditjen", "level", "held_by", "source", "valid_from")


async def set_pilar_kind(
    session: AsyncSession,
    actor: Actor,
    *,
    kind: PilarKind,
    name: str,
    ditjen: Ditjen,
    level: PilarLevel,
    held_by: HeldBy,
    source: str,
    valid_from: date,
) -> PilarTerms:
    """Let a kind be so from `valid_from`; what held until then ends that day. Saying the same again changes nothing.

    Raises NotAllowed, VersionNotLatest.
    """
    require_national(actor)
    row = PilarTerms(
        pilar_kind_id=uuid7(),
        kind=kind,
        name=name,
        ditjen=ditjen,
        level=level,
        held_by=held_by,
        source=source,
        valid_from=valid_from,
        version=1,
        set_at=datetime.now(UTC),
        set_by=actor.sub,
    )
    last = await _last(session, kind)
    if last is not None and all(getattr(last, part) == getattr(row, part) for part in CONTENT):
        return last
    await _give_way(session, actor, last, row)
    taken = VersionNotLatest("/body/valid_from", on=valid_from)
    await insert(
        session, row, **dict.fromkeys(("uq_pilar_kind_kind_valid_from", "ex_pilar_kind_range"), taken)
    )
    remember_range(session, row, reason=REVISED, actor=actor)
    return row


async def _last(session: AsyncSession, kind: PilarKind) -> PilarTerms | None:
    newest_first = sa.select(PilarTerms).where(PilarTerms.kind == kind).order_by(PilarTerms.valid_from.desc())
    locked = newest_first.limit(1).with_for_update(key_share=True).execution_options(populate_existing=True)
    return await session.scalar(locked)


async def _give_way(session: AsyncSession, actor: Actor, last: PilarTerms | None, row: PilarTerms) -> None:
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
) -> PilarTerms:
    """End a kind; `valid_to` is the first day without it, on which `successor_kind` is in force.

    Raises NotAllowed, NotFound, InvalidRange, EndAlreadySet, KindStillHeld, SuccessorUnknown.
    """
    require_national(actor)
    row = await load(session, PilarTerms, pilar_kind_id, noun="pilar kind")
    require_earlier_end(row.valid_from, row.valid_to, valid_to, earliest=row.valid_from + timedelta(days=1))
    await _refuse_held(session, row, valid_to)
    await _check_successor(session, row, successor_kind, valid_to)
    row.valid_to, row.successor_kind = valid_to, successor_kind.value if successor_kind else None
    row.version += 1
    remember_range(session, row, reason=reason, actor=actor)
    return row


async def _refuse_held(session: AsyncSession, row: PilarTerms, valid_to: date) -> None:
    statement = sa.select(sa.func.count()).where(
        Penugasan.kind == row.kind,
        goes_on_after(Penugasan.valid_to, valid_to),
        goes_on_after(Penugasan.valid_to, Penugasan.valid_from),
    )
    if held := await session.scalar(statement):
        raise KindStillHeld("/body/valid_to", kind=row.kind.value, valid_to=valid_to, count=held)


async def _check_successor(
    session: AsyncSession, row: PilarTerms, successor: PilarKind | None, on: date
) -> None:
    if successor is None:
        return
    holds = holds_on(PilarTerms.valid_from, PilarTerms.valid_to, on)
    found = await session.scalar(sa.select(PilarTerms.kind).where(PilarTerms.kind == successor, holds))
    if found is None or successor is row.kind:
        raise SuccessorUnknown("/body/successor_kind", successor=successor.value, valid_to=on)


async def require_in_force(
    session: AsyncSession, kind: PilarKind, valid_from: date, valid_to: date | None
) -> PilarTerms:
    """Return what the kind is on `valid_from`; it is in force in all of the time, and cannot end meanwhile.

    Raises KindNotInForce.
    """
    rows = sa.select(PilarTerms).where(PilarTerms.kind == kind).order_by(PilarTerms.valid_from)
    shared = rows.with_for_update(read=True).execution_options(populate_existing=True)
    terms = list(await session.scalars(shared))
    first = next((row for row in terms if covers(row.valid_from, row.valid_to, valid_from)), None)
    reached = first.valid_to or date.max if first else date.min
    for row in terms:
        if first is not None and row.valid_from == reached:
            reached = row.valid_to or date.max
    if first is None or reached < (valid_to or date.max):
        successor = next((row.successor_kind for row in reversed(terms) if row.successor_kind), None)
        raise KindNotInForce("/body/kind", kind=kind.value, successor=successor or "-")
    return first


FIRST_REASON = "ATURAN_BARU"


async def set_role_conflict(
    session: AsyncSession,
    actor: Actor,
    *,
    kind: PilarKind,
    other_kind: PilarKind,
    paid_only: bool,
    reason_en: str,
    reason_id: str,
    source: str,
    valid_from: date,
) -> RoleConflict:
    """Forbid a pair from `valid_from` (`paid_only`: where both are paid). Placements that were made stay.

    Raises NotAllowed, OneKindTwice, ConflictOverlaps: a pair has one rule at a time, whichever kind is named first.
    """
    require_national(actor)
    row = RoleConflict(
        role_conflict_id=uuid7(),
        kind=kind,
        other_kind=other_kind.value,
        paid_only=paid_only,
        reason_en=reason_en,
        reason_id=reason_id,
        source=source,
        valid_from=valid_from,
        version=1,
    )
    refusals = {
        "ck_role_conflict_two_kinds": OneKindTwice(
            "/body/other_kind", kind=kind.value, other=other_kind.value
        ),
        "ex_role_conflict_range": ConflictOverlaps(
            "/body/valid_from", kind=kind.value, other=other_kind.value
        ),
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
