"""Histories of statuses and validity ranges."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.kind.models import PilarKindVersion, RoleConflict
from services.registry.pendamping.models import Pendamping, StatusHistory, StatusRecord
from services.registry.placement.models import Penugasan, RangeHistory, RangeThing, WilayahTugas
from shared.access import Actor
from shared.contracts.kinds import FINAL_STATUSES, PendampingStatus
from shared.database import uuid7

RangedRow = Penugasan | WilayahTugas | PilarKindVersion | RoleConflict
"""A row with a validity range. Each range that it has had is in `range_history`."""


@dataclass(frozen=True, slots=True)
class StatusEntry:
    """A status from a day on, as it is written to the history.

    `previous` is the status before it. `reverses` is the number of the record that it reverses.
    """

    status: PendampingStatus
    from_on: date
    previous: PendampingStatus | None
    reason: str
    evidence_sha256: str | None = None
    approval_request_id: UUID | None = None
    reverses: int | None = None


def append_status_history(session: AsyncSession, row: Pendamping, entry: StatusEntry, actor: Actor) -> None:
    """Append a status of today or of another day to the history."""
    session.add(
        StatusHistory(
            **asdict(entry),
            status_history_id=uuid7(),
            pendamping_id=row.pendamping_id,
            number=row.version,
            recorded_at=datetime.now(UTC),
            recorded_by=actor.sub,
        )
    )


def effective_statuses(records: Iterable[StatusRecord]) -> list[StatusRecord]:
    """Return the last status of each day in order, none after a final one."""
    by_day = {record.from_on: record for record in sorted(records, key=lambda record: record.number)}
    statuses: list[StatusRecord] = []
    for day in sorted(by_day):
        statuses.append(by_day[day])
        if by_day[day].status in FINAL_STATUSES:
            break
    return statuses


async def read_statuses(session: AsyncSession, pendamping_id: UUID) -> list[StatusRecord]:
    """Return the effective statuses of a pendamping, also of later days, in order."""
    return effective_statuses(await read_status_history(session, pendamping_id))


async def read_status_history(session: AsyncSession, pendamping_id: UUID) -> Sequence[StatusHistory]:
    """Return all status records of a pendamping in the order of their recording."""
    records = sa.select(StatusHistory).where(StatusHistory.pendamping_id == pendamping_id)
    return (await session.scalars(records.order_by(StatusHistory.number))).all()


def append_range_history(session: AsyncSession, row: RangedRow, *, reason: str, actor: Actor) -> None:
    """Append the row's current range to its history."""
    thing, thing_id = _thing_of(row)
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


def _thing_of(row: RangedRow) -> tuple[RangeThing, UUID]:
    if isinstance(row, Penugasan):
        return RangeThing.PENUGASAN, row.penugasan_id
    if isinstance(row, WilayahTugas):
        return RangeThing.WILAYAH_TUGAS, row.wilayah_tugas_id
    if isinstance(row, RoleConflict):
        return RangeThing.ROLE_CONFLICT, row.role_conflict_id
    return RangeThing.PILAR_KIND, row.pilar_kind_id
