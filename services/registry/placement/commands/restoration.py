"""Undo ends of placements and areas that were recorded in error."""

from dataclasses import replace
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.history import append_range_history
from services.registry.kind.commands import require_in_force
from services.registry.kind.errors import KindNotInForce
from services.registry.pendamping.models import Pendamping, StatusRecord
from services.registry.placement.commands.area import (
    area_overlaps,
    lock_penugasan,
    lock_wilayah_tugas,
)
from services.registry.placement.commands.penugasan import (
    placement_refusals,
    refuse_conflicts,
    require_placeable,
)
from services.registry.placement.errors import NoEndToTakeBack, PenugasanHasEnded
from services.registry.placement.models import Penugasan, RangeHistory, WilayahTugas
from services.registry.placement.rules import RecordedEnd, list_ends
from shared.access import Actor
from shared.contracts.registry import PenugasanStarted, WilayahTugasPlaced
from shared.database import refuse_violations
from shared.messaging import emit


async def restore_penugasan(
    session: AsyncSession, actor: Actor, penugasan_id: UUID, *, reason: str
) -> Penugasan:
    """Undo the last end of a placement that was recorded in error.

    The placement and the areas that ended with it get their former range again.

    Raises:
        NotAllowed, NotFound, NoEndToTakeBack, PendampingHasLeft, KindNotInForce, RolesConflict, PenugasanOverlaps.
    """
    actor.require_national()
    row = await lock_penugasan(session, actor, penugasan_id)
    ended = await _require_end(session, row)
    with refuse_violations(**placement_refusals()):
        _restore_range(session, actor, row, ended, reason)
        await session.flush()
    await require_placeable(session, await session.get_one(Pendamping, row.pendamping_id), row)
    await require_in_force(session, row.kind, max(row.valid_from, ended.on), row.valid_to)
    await refuse_conflicts(session, row)
    await _reopen_areas(session, actor, row, ended, reason)
    # Emit the areas first, so that a subscriber to the placement has them already.
    emit(session, PenugasanStarted.of(row, restored_from=ended.on))
    return row


async def restore_wilayah_tugas(
    session: AsyncSession, actor: Actor, wilayah_tugas_id: UUID, *, reason: str
) -> WilayahTugas:
    """Undo the last end of an area that was recorded in error.

    It gets its former range again, within the range of its placement.

    Raises:
        NotFound, NotAllowed, NoEndToTakeBack, PenugasanHasEnded, WilayahTugasOverlaps.
    """
    row = await lock_wilayah_tugas(session, actor, wilayah_tugas_id)
    ended, penugasan = await _require_end(session, row), await session.get_one(Penugasan, row.penugasan_id)
    limit = penugasan.valid_to or date.max
    if limit <= ended.on:
        raise PenugasanHasEnded(valid_to=limit)
    within = min((day for day in (ended.before, penugasan.valid_to) if day), default=None)
    with refuse_violations(ex_wilayah_tugas_range=area_overlaps(row, "/path/wilayah_tugas_id")):
        _restore_range(session, actor, row, replace(ended, before=within), reason)
        await session.flush()
    emit(session, WilayahTugasPlaced.of(row, restored_from=ended.on))
    return row


async def reopen_placements(
    session: AsyncSession, actor: Actor, pendamping_id: UUID, ended_by: StatusRecord, reason: str
) -> None:
    """Restore placements that a final status ended, and their areas.

    A placement whose kind is no longer in force stays ended. The caller has locked the pendamping's row.
    """
    status = RecordedEnd(ended_by.status.value, ended_by.from_on)
    placements = sa.select(Penugasan).where(Penugasan.pendamping_id == pendamping_id)
    for row in (await session.scalars(placements.order_by(Penugasan.penugasan_id))).all():
        ended = await _read_end(session, row, status)
        if ended is not None and await _is_in_force(session, row, ended):
            _restore_range(session, actor, row, ended, reason)
            # The status is emitted last and restores the families.
            emit(session, PenugasanStarted.of(row, restored_from=None))
            await _reopen_areas(session, actor, row, status, reason)


async def _is_in_force(session: AsyncSession, row: Penugasan, ended: RecordedEnd) -> bool:
    try:
        await require_in_force(session, row.kind, max(row.valid_from, ended.on), ended.before)
    except KindNotInForce:
        return False
    return True


async def _reopen_areas(
    session: AsyncSession, actor: Actor, penugasan: Penugasan, ended_with: RecordedEnd, reason: str
) -> None:
    areas = sa.select(WilayahTugas).where(WilayahTugas.penugasan_id == penugasan.penugasan_id)
    for area in (await session.scalars(areas.order_by(WilayahTugas.wilayah_tugas_id))).all():
        if (ended := await _read_end(session, area, ended_with)) is not None:
            _restore_range(session, actor, area, ended, reason)
            emit(session, WilayahTugasPlaced.of(area, restored_from=None))


async def _require_end(session: AsyncSession, row: Penugasan | WilayahTugas) -> RecordedEnd:
    ended = await _read_end(session, row)
    if ended is None:
        raise NoEndToTakeBack
    return ended


async def _read_end(
    session: AsyncSession, row: Penugasan | WilayahTugas, ended_with: RecordedEnd | None = None
) -> RecordedEnd | None:
    """Return the last end of a row that was not taken back.

    `ended_with` is the end of the status or placement with which it must have ended.
    """
    thing_id = row.penugasan_id if isinstance(row, Penugasan) else row.wilayah_tugas_id
    records = sa.select(RangeHistory).where(RangeHistory.thing_id == thing_id).order_by(RangeHistory.number)
    ends = list_ends((await session.scalars(records)).all())
    last = ends[-1] if ends else None
    if last is None or ended_with is None:
        return last
    same = (last.reason, last.on) == (ended_with.reason, max(ended_with.on, row.valid_from))
    return last if same else None


def _restore_range(
    session: AsyncSession, actor: Actor, row: Penugasan | WilayahTugas, ended: RecordedEnd, reason: str
) -> None:
    row.valid_to, row.version = ended.before, row.version + 1
    append_range_history(session, row, reason=reason, actor=actor)
