"""Writing rows whose constraints have names that people understand, and the histories beside them."""

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.kind.models import PilarKindVersion, RoleConflict
from services.registry.pendamping.models import Pendamping, StatusHistory
from services.registry.placement.models import Penugasan, Placing, RangeHistory, WilayahTugas
from shared.access import Actor
from shared.contracts.kinds import PendampingStatus
from shared.database import uuid7

Ranged = Penugasan | WilayahTugas | PilarKindVersion | RoleConflict
"""What holds for a time, and whose every range is kept."""


def remember_status(
    session: AsyncSession, row: Pendamping, *, previous: PendampingStatus | None, reason: str, actor: Actor
) -> None:
    """Append the status that the row has now to its history."""
    session.add(
        StatusHistory(
            status_history_id=uuid7(),
            pendamping_id=row.pendamping_id,
            number=row.version,
            previous=previous,
            status=row.status,
            reason=reason,
            from_on=row.status_from_on,
            recorded_at=datetime.now(UTC),
            recorded_by=actor.sub,
        )
    )


def remember_range(session: AsyncSession, row: Ranged, *, reason: str, actor: Actor) -> None:
    """Append the range that the row has now to its history."""
    thing, thing_id = _placing_of(row)
    session.add(
        RangeHistory(
            range_history_id=uuid7(),
            thing=thing,
            thing_id=thing_id,
            number=row.version,
            valid_from=row.valid_from,
            valid_to=row.valid_to,
            reason=reason,
            recorded_at=datetime.now(UTC),
            recorded_by=actor.sub,
        )
    )


def _placing_of(row: Ranged) -> tuple[Placing, UUID]:
    if isinstance(row, Penugasan):
        return Placing.PENUGASAN, row.penugasan_id
    if isinstance(row, WilayahTugas):
        return Placing.WILAYAH_TUGAS, row.wilayah_tugas_id
    if isinstance(row, RoleConflict):
        return Placing.ROLE_CONFLICT, row.role_conflict_id
    return Placing.PILAR_KIND, row.pilar_kind_id
