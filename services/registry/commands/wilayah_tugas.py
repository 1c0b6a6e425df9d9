"""The areas that a placement covers."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.commands.recording import remember_range
from services.registry.errors import AlreadyEnded, OutsidePenugasan, RangeBackward, WilayahTugasOverlaps
from services.registry.models import Pendamping, Penugasan, WilayahTugas
from shared import wilayah
from shared.access import Actor
from shared.contracts.registry import WilayahTugasEnded, WilayahTugasPlaced
from shared.database import insert, load, uuid7
from shared.errors import NotFound
from shared.messaging import emit

FIRST_REASON = "PENEMPATAN"


async def place_wilayah_tugas(
    session: AsyncSession,
    actor: Actor,
    *,
    penugasan_id: UUID,
    kode_wilayah: str,
    valid_from: date,
    valid_to: date | None = None,
) -> WilayahTugas:
    """Let a placement cover an area of any level, within the placement's time; without an end it takes the placement's.

    Raises NotAllowed, UnknownWilayah, NotFound, RangeBackward, OutsidePenugasan, WilayahTugasOverlaps.
    """
    actor.require_area(wilayah.require(kode_wilayah, "/body/kode_wilayah"))
    penugasan = await session.get(Penugasan, penugasan_id)
    if penugasan is None:
        raise NotFound("penugasan")
    await load(session, Pendamping, penugasan.pendamping_id)
    await session.refresh(penugasan)
    row = WilayahTugas(
        wilayah_tugas_id=uuid7(),
        penugasan_id=penugasan_id,
        pendamping_id=penugasan.pendamping_id,
        kode_wilayah=kode_wilayah,
        valid_from=valid_from,
        valid_to=valid_to or penugasan.valid_to,
        version=1,
    )
    _check_range(row, penugasan)
    await insert(
        session,
        row,
        ex_wilayah_tugas_range=WilayahTugasOverlaps("/body/kode_wilayah", kode_wilayah=kode_wilayah),
    )
    remember_range(session, row, reason=FIRST_REASON, actor=actor)
    emit(session, WilayahTugasPlaced(**facts_of(row)))
    return row


def _check_range(row: WilayahTugas, penugasan: Penugasan) -> None:
    outside = row.valid_from < penugasan.valid_from
    if penugasan.valid_to is not None:
        outside = (
            outside or row.valid_from >= penugasan.valid_to or (row.valid_to or date.max) > penugasan.valid_to
        )
    if outside:
        until = penugasan.valid_to or "-"
        raise OutsidePenugasan("/body/valid_from", valid_from=penugasan.valid_from, valid_to=until)
    if row.valid_to is not None and row.valid_to <= row.valid_from:
        raise RangeBackward("/body/valid_to", valid_from=row.valid_from)


def facts_of(row: WilayahTugas) -> dict[str, Any]:
    """Return what both events of a covered area say."""
    return {name: getattr(row, name) for name in WilayahTugasPlaced.model_fields}


async def end_wilayah_tugas(
    session: AsyncSession, actor: Actor, wilayah_tugas_id: UUID, *, valid_to: date, reason: str
) -> WilayahTugas:
    """End the cover of an area; `valid_to` is the first day outside and may lie ahead.

    Raises NotFound, NotAllowed, RangeBackward, AlreadyEnded.
    """
    row = await session.get(WilayahTugas, wilayah_tugas_id)
    if row is None:
        raise NotFound("wilayah tugas")
    actor.require_area(row.kode_wilayah)
    await load(session, Pendamping, row.pendamping_id)
    await session.refresh(row)
    if valid_to < row.valid_from:
        raise RangeBackward("/body/valid_to", valid_from=row.valid_from)
    if row.valid_to is not None and valid_to >= row.valid_to:
        raise AlreadyEnded("/body/valid_to", valid_to=row.valid_to)
    close_wilayah_tugas(session, actor, row, on=valid_to, reason=reason)
    return row


def close_wilayah_tugas(
    session: AsyncSession, actor: Actor, row: WilayahTugas, *, on: date, reason: str
) -> None:
    """End a cover that is open on `on`; one that has not begun by then never holds."""
    row.valid_to = max(on, row.valid_from)
    row.version += 1
    remember_range(session, row, reason=reason, actor=actor)
    emit(session, WilayahTugasEnded(**facts_of(row), reason=reason))
