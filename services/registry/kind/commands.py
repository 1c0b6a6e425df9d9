"""Set and end kinds of pilar sosial, and pairs of kinds that conflict."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.history import append_range_history
from services.registry.kind.errors import (
    ConflictOverlaps,
    KindNotInForce,
    KindsIdentical,
    KindStillHeld,
    SuccessorUnknown,
)
from services.registry.kind.models import PilarKindTerms, PilarKindVersion, RoleConflict, RoleConflictTerms
from services.registry.kind.rules import require_earlier_end
from services.registry.placement.models import Penugasan
from shared import clock
from shared.access import Actor
from shared.contracts.kinds import PilarKind
from shared.database import insert, load, uuid7
from shared.errors import VersionJustSet, VersionNotLatest
from shared.validity import covers, not_ended_by, not_voided, valid_on

REVISION_REASON = "REVISI"


async def set_pilar_kind(session: AsyncSession, actor: Actor, terms: PilarKindTerms) -> PilarKindVersion:
    """Add a version of a kind. The previous version ends on its `valid_from`.

    A version of the same day, or one that has not begun, is replaced and keeps an empty range. Identical terms return
    the existing version unchanged.

    Raises:
        NotAllowed: The actor's area is not the whole country.
        VersionNotLatest: A version from a later day has begun.
        VersionJustSet: Another request set this kind at the same time.
    """
    actor.require_national()
    versions = await _lock_versions(session, terms.kind)
    if versions and all(getattr(versions[0], name) == value for name, value in terms):
        return versions[0]
    row = PilarKindVersion(**dict(terms), pilar_kind_id=uuid7(), version=1, set_by=actor.sub)
    await _end_versions(session, actor, versions, row.valid_from)
    await insert(session, row, ex_pilar_kind_range=VersionJustSet("/body/valid_from"))
    append_range_history(session, row, reason=REVISION_REASON, actor=actor)
    return row


async def _lock_versions(session: AsyncSession, kind: PilarKind) -> Sequence[PilarKindVersion]:
    """Return the versions of a kind that cover days, the latest first."""
    row = PilarKindVersion
    newest_first = (
        sa.select(row)
        .where(row.kind == kind, not_voided(row.valid_from, row.valid_to))
        .order_by(row.valid_from.desc())
    )
    locked = newest_first.with_for_update(key_share=True).execution_options(populate_existing=True)
    return (await session.scalars(locked)).all()


async def _end_versions(
    session: AsyncSession, actor: Actor, versions: Sequence[PilarKindVersion], on: date
) -> None:
    """End the version of a day, and replace those that begin later."""
    today = await clock.today(session)
    for row in versions:
        if on < row.valid_from <= today:
            raise VersionNotLatest("/body/valid_from", on=row.valid_from)
        if row.valid_to is None or row.valid_to > on:
            row.valid_to, row.successor_kind = max(on, row.valid_from), None
            row.version += 1
            append_range_history(session, row, reason=REVISION_REASON, actor=actor)
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
    """End a kind, and record which kind follows it.

    `valid_to` is the first day on which the kind is not in force. A version that was set in error ends on its
    `valid_from`. `successor_kind` is another kind that is in force on that day, and may be corrected. `reason` is a
    code.

    Raises:
        NotAllowed, NotFound, InvalidRange, EndAlreadySet, SuccessorUnknown.
        KindStillHeld: A placement as this kind runs beyond `valid_to`.
    """
    actor.require_national()
    row = await load(session, PilarKindVersion, pilar_kind_id, noun="pilar kind")
    if valid_to != row.valid_to or successor_kind in {None, row.successor_kind}:
        require_earlier_end(row.valid_from, row.valid_to, valid_to)
    await _refuse_running_placements(session, row, valid_to)
    await _check_successor(session, row, successor_kind, valid_to)
    row.valid_to, row.successor_kind = valid_to, successor_kind
    row.version += 1
    append_range_history(session, row, reason=reason, actor=actor)
    return row


async def _refuse_running_placements(session: AsyncSession, row: PilarKindVersion, valid_to: date) -> None:
    statement = sa.select(sa.func.count()).where(
        Penugasan.kind == row.kind,
        not_ended_by(Penugasan.valid_to, valid_to),
        # A cancelled placement has an empty range. It does not count.
        not_voided(Penugasan.valid_from, Penugasan.valid_to),
    )
    if count := await session.scalar(statement):
        raise KindStillHeld("/body/valid_to", kind=row.kind.value, valid_to=valid_to, count=count)


async def _check_successor(
    session: AsyncSession, row: PilarKindVersion, successor: PilarKind | None, on: date
) -> None:
    if successor is None:
        return
    in_force = valid_on(PilarKindVersion.valid_from, PilarKindVersion.valid_to, on)
    kind = await session.scalar(
        sa.select(PilarKindVersion.kind).where(PilarKindVersion.kind == successor, in_force)
    )
    if kind is None or successor is row.kind:
        raise SuccessorUnknown("/body/successor_kind", successor=successor.value, valid_to=on)


async def require_in_force(
    session: AsyncSession, kind: PilarKind, valid_from: date, valid_to: date | None
) -> PilarKindVersion:
    """Return the version of a kind on `valid_from`.

    The kind must be in force on every day until `valid_to`. Its versions are locked FOR SHARE, so that the kind cannot be ended before the commit.

    Raises:
        KindNotInForce: On some day of the range no version is in force.
    """
    ordered = (
        sa.select(PilarKindVersion).where(PilarKindVersion.kind == kind).order_by(PilarKindVersion.valid_from)
    )
    locked = ordered.with_for_update(read=True).execution_options(populate_existing=True)
    versions = list(await session.scalars(locked))
    first = next((row for row in versions if covers(row.valid_from, row.valid_to, valid_from)), None)
    in_force_until = first.valid_to or date.max if first else date.min
    for row in versions:
        if first is not None and row.valid_from == in_force_until:
            in_force_until = row.valid_to or date.max
    if first is None or in_force_until < (valid_to or date.max):
        successor = next((row.successor_kind.value for row in reversed(versions) if row.successor_kind), "-")
        raise KindNotInForce("/body/kind", kind=kind.value, successor=successor)
    return first


NEW_CONFLICT_REASON = "ATURAN_BARU"


async def set_role_conflict(session: AsyncSession, actor: Actor, terms: RoleConflictTerms) -> RoleConflict:
    """Forbid a pair of kinds from `valid_from`. Existing placements are not changed.

    With `paid_only` the pair is forbidden only if both placements are paid.

    Raises:
        NotAllowed, KindsIdentical.
        ConflictOverlaps: The pair, in either order, already has a rule in that time.
    """
    actor.require_national()
    row = RoleConflict(**dict(terms), role_conflict_id=uuid7(), version=1, set_by=actor.sub)
    kind, other = row.kind.value, row.other_kind.value
    refusals = {
        "ck_role_conflict_two_kinds": KindsIdentical("/body/other_kind", kind=kind, other=other),
        "ex_role_conflict_range": ConflictOverlaps("/body/valid_from", kind=kind, other=other),
    }
    await insert(session, row, **refusals)
    append_range_history(session, row, reason=NEW_CONFLICT_REASON, actor=actor)
    return row


async def end_role_conflict(
    session: AsyncSession, actor: Actor, role_conflict_id: UUID, *, valid_to: date, reason: str
) -> RoleConflict:
    """End a conflict. `valid_to` is the first day on which the pair is allowed.

    A conflict that was set in error ends on its first day.

    Raises:
        NotAllowed, NotFound, InvalidRange, EndAlreadySet.
    """
    actor.require_national()
    row = await load(session, RoleConflict, role_conflict_id, noun="role conflict")
    require_earlier_end(row.valid_from, row.valid_to, valid_to)
    row.valid_to = valid_to
    row.version += 1
    append_range_history(session, row, reason=reason, actor=actor)
    return row
