"""Start and end areas of placements."""

from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.history import append_range_history
from services.registry.kind.rules import require_earlier_end
from services.registry.pendamping.models import Pendamping
from services.registry.placement.errors import WilayahTugasOutsidePenugasan, WilayahTugasOverlaps
from services.registry.placement.models import Penugasan, WilayahTugas, WilayahTugasTerms
from services.registry.visibility import require_ditjen
from shared import wilayah
from shared.access import Actor
from shared.contracts.registry import WilayahTugasEnded, WilayahTugasPlaced
from shared.database import insert, load, uuid7
from shared.errors import InvalidRange, NotFound
from shared.messaging import emit

AREA_REASON = "PENEMPATAN"


async def lock_penugasan(session: AsyncSession, actor: Actor, penugasan_id: UUID) -> Penugasan:
    """Return a placement that the actor may change, with its pendamping's row locked.

    Raises:
        NotFound.
        NotAllowed: It is of another ditjen.
    """
    row = await session.get(Penugasan, penugasan_id)
    if row is None:
        raise NotFound("penugasan")
    require_ditjen(actor, row.ditjen)
    # The pendamping's row is the lock of its placements, so the placement is read again after it.
    await load(session, Pendamping, row.pendamping_id)
    await session.refresh(row)
    return row


async def lock_wilayah_tugas(session: AsyncSession, actor: Actor, wilayah_tugas_id: UUID) -> WilayahTugas:
    """Return an area in the actor's areas, with its pendamping's row locked.

    Raises:
        NotFound, NotAllowed.
    """
    row = await session.get(WilayahTugas, wilayah_tugas_id)
    if row is None:
        raise NotFound("wilayah tugas")
    actor.require_area(row.kode_wilayah)
    await load(session, Pendamping, row.pendamping_id)
    await session.refresh(row)
    return row


async def place_wilayah_tugas(session: AsyncSession, actor: Actor, terms: WilayahTugasTerms) -> WilayahTugas:
    """Assign an area of any level to a placement, within the range of the placement.

    Without `valid_to` the area ends with the placement.

    Raises:
        NotAllowed, WilayahUnknown, NotFound, InvalidRange, WilayahTugasOutsidePenugasan, WilayahTugasOverlaps.
    """
    actor.require_area(wilayah.require(terms.kode_wilayah, "/body/kode_wilayah"))
    penugasan = await lock_penugasan(session, actor, terms.penugasan_id)
    row = WilayahTugas(
        **dict(terms), wilayah_tugas_id=uuid7(), pendamping_id=penugasan.pendamping_id, version=1
    )
    row.valid_to = terms.valid_to or penugasan.valid_to
    require_inside(row, penugasan)
    await insert(session, row, ex_wilayah_tugas_range=area_overlaps(row, "/body/kode_wilayah"))
    append_range_history(session, row, reason=AREA_REASON, actor=actor)
    emit(session, WilayahTugasPlaced.of(row, restored_from=None))
    return row


def area_overlaps(row: WilayahTugas, pointer: str) -> WilayahTugasOverlaps:
    """Return the refusal of an area that its placement covers already."""
    return WilayahTugasOverlaps(pointer, kode_wilayah=row.kode_wilayah)


def require_inside(row: WilayahTugas, penugasan: Penugasan) -> None:
    """Require that the range of an area is inside that of its placement.

    Raises:
        WilayahTugasOutsidePenugasan, InvalidRange.
    """
    outside = row.valid_from < penugasan.valid_from
    if penugasan.valid_to is not None:
        outside = (
            outside or row.valid_from >= penugasan.valid_to or (row.valid_to or date.max) > penugasan.valid_to
        )
    if outside:
        until = penugasan.valid_to or "-"
        raise WilayahTugasOutsidePenugasan(
            "/body/valid_from", valid_from=penugasan.valid_from, valid_to=until
        )
    if row.valid_to is not None and row.valid_to <= row.valid_from:
        raise InvalidRange("/body/valid_to", valid_from=row.valid_from, valid_to=row.valid_to)


async def end_wilayah_tugas(
    session: AsyncSession, actor: Actor, wilayah_tugas_id: UUID, *, valid_to: date, reason: str
) -> WilayahTugas:
    """End an area of a placement.

    `valid_to` is the first day after it, and may be in the future. An area that was set in error ends on its first
    day.

    Raises:
        NotFound, NotAllowed, InvalidRange, EndAlreadySet.
    """
    row = await lock_wilayah_tugas(session, actor, wilayah_tugas_id)
    require_earlier_end(row.valid_from, row.valid_to, valid_to)
    close_wilayah_tugas(session, actor, row, on=valid_to, reason=reason)
    return row


def close_wilayah_tugas(
    session: AsyncSession, actor: Actor, row: WilayahTugas, *, on: date, reason: str
) -> None:
    """End an area that has not ended by `on`.

    If it has not started by then, its range becomes empty.
    """
    row.valid_to = max(on, row.valid_from)
    row.version += 1
    append_range_history(session, row, reason=reason, actor=actor)
    emit(session, WilayahTugasEnded.of(row, reason=reason))
