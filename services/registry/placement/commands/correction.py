"""Correct the terms of a placement, except its kind and end."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.history import append_range_history
from services.registry.kind.commands import require_in_force
from services.registry.pendamping.models import Pendamping
from services.registry.placement.commands.area import lock_penugasan
from services.registry.placement.commands.penugasan import (
    placement_refusals,
    refuse_conflicts,
    require_subject,
    require_supervisor,
)
from services.registry.placement.errors import PenugasanHasEnded
from services.registry.placement.models import (
    Penugasan,
    PenugasanCorrection,
    PenugasanCorrectionTerms,
    WilayahTugas,
)
from services.registry.visibility import require_ditjen
from shared.access import Actor
from shared.contracts.registry import PenugasanStarted, WilayahTugasPlaced
from shared.database import refuse_violations, uuid7
from shared.errors import InvalidRange
from shared.messaging import emit


async def correct_penugasan(
    session: AsyncSession, actor: Actor, penugasan_id: UUID, terms: PenugasanCorrectionTerms
) -> Penugasan:
    """Correct ditjen, employer status, SK, first day or supervisor of a placement.

    Its areas that began with it, or before its new first day, begin on that day. A field that is not given does not
    change. A supervisor of null removes the supervisor. The same values change nothing.

    Raises:
        NotAllowed, NotFound, InvalidRange, PenugasanHasEnded, KindNotInForce, SubjectNotAllowed, RolesConflict,
        PenugasanOverlaps, SupervisorUnknown.
    """
    actor.require_national()
    row = await lock_penugasan(session, actor, penugasan_id)
    changes = _select_changes(row, terms)
    if not changes:
        return row
    require_ditjen(actor, changes.get("ditjen", row.ditjen), "/body/ditjen")
    await require_supervisor(session, changes.get("supervisor_id"))
    if "valid_from" in changes and row.valid_to == row.valid_from:
        raise PenugasanHasEnded("/body/valid_from", valid_to=row.valid_to)
    before, old_from = row.model_dump(mode="json", include=set(changes)), row.valid_from
    row.sqlmodel_update(changes | {"version": row.version + 1})
    await _require_valid_terms(session, row)
    after = row.model_dump(mode="json", include=set(changes))
    append_range_history(session, row, reason=terms.reason, actor=actor)
    _append_correction(session, actor, row, before, after, terms.reason)
    if row.valid_from != old_from:
        await _move_areas(session, actor, row, old_from, terms.reason)
    emit(session, PenugasanStarted.of(row, restored_from=None))
    return row


def _select_changes(row: Penugasan, terms: PenugasanCorrectionTerms) -> dict[str, Any]:
    """Return the given values that differ from those of the placement."""
    return {
        name: value
        for name, value in terms.model_dump(exclude={"reason"}, exclude_unset=True).items()
        if (value is not None or name == "supervisor_id") and value != getattr(row, name)
    }


async def _require_valid_terms(session: AsyncSession, row: Penugasan) -> None:
    if row.valid_to is not None and row.valid_to <= row.valid_from:
        raise InvalidRange("/body/valid_from", valid_from=row.valid_from, valid_to=row.valid_to)
    with refuse_violations(**placement_refusals()):
        await session.flush()
    kind = await require_in_force(session, row.kind, row.valid_from, row.valid_to)
    require_subject(await session.get_one(Pendamping, row.pendamping_id), row, kind.held_by)
    await refuse_conflicts(session, row)


def _append_correction(
    session: AsyncSession,
    actor: Actor,
    row: Penugasan,
    before: dict[str, Any],
    after: dict[str, Any],
    reason: str,
) -> None:
    session.add(
        PenugasanCorrection(
            penugasan_correction_id=uuid7(),
            penugasan_id=row.penugasan_id,
            number=row.version,
            before=before,
            after=after,
            reason=reason,
            recorded_at=datetime.now(UTC),
            recorded_by=actor.sub,
        )
    )


async def _move_areas(
    session: AsyncSession, actor: Actor, row: Penugasan, old_from: date, reason: str
) -> None:
    """Move the first day of areas that began with the placement or before."""
    began = sa.or_(WilayahTugas.valid_from == old_from, WilayahTugas.valid_from < row.valid_from)
    areas = sa.select(WilayahTugas).where(WilayahTugas.penugasan_id == row.penugasan_id, began)
    for area in (await session.scalars(areas.order_by(WilayahTugas.wilayah_tugas_id))).all():
        if area.valid_to is not None and area.valid_to in {area.valid_from, row.valid_from}:
            continue  # It covers no day.
        area.valid_from, area.version = row.valid_from, area.version + 1
        if area.valid_to is not None and area.valid_to < row.valid_from:
            area.valid_to = row.valid_from
        append_range_history(session, area, reason=reason, actor=actor)
        emit(session, WilayahTugasPlaced.of(area, restored_from=None))
    await session.flush()
