"""Start and end placements and their areas."""

from datetime import date
from typing import TypeVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.history import append_range_history, read_statuses
from services.registry.kind.commands import require_in_force
from services.registry.kind.errors import KindNotInForce
from services.registry.kind.models import HeldBy, RoleConflict
from services.registry.kind.rules import require_earlier_end
from services.registry.pendamping.models import Pendamping, StatusRecord
from services.registry.placement.errors import (
    PendampingHasLeft,
    PenugasanOverlaps,
    RolesConflict,
    SubjectNotAllowed,
    SupervisorUnknown,
    WilayahTugasOutsidePenugasan,
    WilayahTugasOverlaps,
)
from services.registry.placement.models import (
    PAID,
    Penugasan,
    PenugasanTerms,
    RangeHistory,
    WilayahTugas,
    WilayahTugasTerms,
)
from services.registry.visibility import require_national
from shared import wilayah
from shared.access import Actor
from shared.contracts.kinds import FINAL_STATUSES, EmployerStatus, SubjectKind
from shared.contracts.registry import PenugasanEnded, PenugasanStarted, WilayahTugasEnded, WilayahTugasPlaced
from shared.database import insert, load, uuid7
from shared.errors import DomainError, InvalidRange, NotFound
from shared.messaging import emit
from shared.validity import not_ended_by

AREA_REASON = "PENEMPATAN"
RestoredRow = TypeVar("RestoredRow", Penugasan, WilayahTugas)


async def place_wilayah_tugas(session: AsyncSession, actor: Actor, terms: WilayahTugasTerms) -> WilayahTugas:
    """Assign an area of any level to a placement, within the range of the placement.

    Without `valid_to` the area ends with the placement.

    Raises:
        NotAllowed, WilayahUnknown, NotFound, InvalidRange, WilayahTugasOutsidePenugasan, WilayahTugasOverlaps.
    """
    actor.require_area(wilayah.require(terms.kode_wilayah, "/body/kode_wilayah"))
    penugasan = await _lock_penugasan(session, terms.penugasan_id)
    row = WilayahTugas(
        **dict(terms), wilayah_tugas_id=uuid7(), pendamping_id=penugasan.pendamping_id, version=1
    )
    row.valid_to = terms.valid_to or penugasan.valid_to
    _check_area_range(row, penugasan)
    await insert(
        session,
        row,
        ex_wilayah_tugas_range=WilayahTugasOverlaps("/body/kode_wilayah", kode_wilayah=row.kode_wilayah),
    )
    append_range_history(session, row, reason=AREA_REASON, actor=actor)
    emit(session, WilayahTugasPlaced.of(row))
    return row


def _check_area_range(row: WilayahTugas, penugasan: Penugasan) -> None:
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

    `valid_to` is the first day after it, and may be in the future.

    Raises:
        NotFound, NotAllowed, InvalidRange, EndAlreadySet.
    """
    row = await session.get(WilayahTugas, wilayah_tugas_id)
    if row is None:
        raise NotFound("wilayah tugas")
    actor.require_area(row.kode_wilayah)
    await load(session, Pendamping, row.pendamping_id)
    await session.refresh(row)
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


PLACEMENT_REASON = "SK_PENUGASAN"


async def start_penugasan(session: AsyncSession, actor: Actor, terms: PenugasanTerms) -> Penugasan:
    """Place a pendamping as a kind, by an SK, for a range of days.

    `valid_to` is the first day after it.

    Raises:
        NotAllowed, NotFound, PendampingHasLeft, InvalidRange, KindNotInForce, SubjectNotAllowed, RolesConflict,
        PenugasanOverlaps, SupervisorUnknown.
    """
    require_national(actor)
    pendamping = await load(session, Pendamping, terms.pendamping_id, noun="pendamping")
    row = Penugasan(**dict(terms), penugasan_id=uuid7(), version=1)
    await _check_placement(session, pendamping, row)
    kind = await require_in_force(session, row.kind, row.valid_from, row.valid_to)
    _check_subject(pendamping, row, kind.held_by)
    await _refuse_conflicts(session, row)
    await insert(session, row, **_refusals())
    append_range_history(session, row, reason=PLACEMENT_REASON, actor=actor)
    emit(session, PenugasanStarted.of(row))
    return row


def _refusals() -> dict[str, DomainError]:
    return {
        "ex_penugasan_range": PenugasanOverlaps("/body/valid_from"),
        "fk_penugasan_supervisor_id": SupervisorUnknown("/body/supervisor_id"),
        "ck_penugasan_supervisor_differs": SupervisorUnknown("/body/supervisor_id"),
    }


async def _check_placement(session: AsyncSession, pendamping: Pendamping, row: Penugasan) -> None:
    last = (await read_statuses(session, pendamping.pendamping_id))[-1]
    if last.status in FINAL_STATUSES and (
        pendamping.status is last.status or last.from_on < (row.valid_to or date.max)
    ):
        raise PendampingHasLeft("/body/pendamping_id", status=last.status.value)
    if row.valid_to is not None and row.valid_to <= row.valid_from:
        raise InvalidRange("/body/valid_to", valid_from=row.valid_from, valid_to=row.valid_to)


def _check_subject(pendamping: Pendamping, row: Penugasan, held_by: HeldBy) -> None:
    is_organisation = pendamping.subject is SubjectKind.LEMBAGA
    fits_kind = held_by in {HeldBy.EITHER, HeldBy(pendamping.subject.value)}
    if not fits_kind or is_organisation != (row.employer_status is EmployerStatus.LEMBAGA):
        raise SubjectNotAllowed(
            "/body/kind",
            kind=row.kind.value,
            employer_status=row.employer_status.value,
            subject=pendamping.subject.value,
        )


async def _refuse_conflicts(session: AsyncSession, row: Penugasan) -> None:
    # The caller has locked the pendamping's row. Without the lock two requests could each miss the other's placement.
    conflict, other, daterange = RoleConflict, Penugasan, sa.func.daterange
    new_range = daterange(row.valid_from, row.valid_to)
    pair = sa.or_(
        sa.and_(conflict.kind == row.kind, conflict.other_kind == other.kind),
        sa.and_(conflict.other_kind == row.kind, conflict.kind == other.kind),
    )
    both_paid = other.employer_status.in_(PAID) if row.employer_status in PAID else sa.false()
    rows = await session.execute(
        sa.select(other.kind, conflict.reason_en, conflict.reason_id)
        .join(conflict, pair)
        .where(other.pendamping_id == row.pendamping_id, sa.or_(~conflict.paid_only, both_paid))
        .where(daterange(other.valid_from, other.valid_to).op("&&")(new_range))
        .where(daterange(conflict.valid_from, conflict.valid_to).op("&&")(new_range))
        .limit(1)
    )
    for kind, reason_en, reason_id in rows:
        raise RolesConflict(
            "/body/kind", kind=row.kind.value, other=kind.value, reason=reason_en, alasan=reason_id
        )


async def end_penugasan(
    session: AsyncSession, actor: Actor, penugasan_id: UUID, *, valid_to: date, reason: str
) -> Penugasan:
    """End a placement and its areas.

    `valid_to` is the first day after it, and may be in the future.

    Raises:
        NotAllowed, NotFound, InvalidRange, EndAlreadySet.
    """
    require_national(actor)
    row = await _lock_penugasan(session, penugasan_id)
    require_earlier_end(row.valid_from, row.valid_to, valid_to)
    await close_penugasan(session, actor, row, on=valid_to, reason=reason)
    return row


async def _lock_penugasan(session: AsyncSession, penugasan_id: UUID) -> Penugasan:
    row = await session.get(Penugasan, penugasan_id)
    if row is None:
        raise NotFound("penugasan")
    # The pendamping's row is the lock of its placements, so the placement is read again after it.
    await load(session, Pendamping, row.pendamping_id)
    await session.refresh(row)
    return row


async def close_penugasan(
    session: AsyncSession, actor: Actor, row: Penugasan, *, on: date, reason: str
) -> None:
    """End a placement on a day, after its areas.

    The placement has not ended by `on`, and the caller has locked the pendamping's row.
    """
    open_areas = sa.select(WilayahTugas).where(
        WilayahTugas.penugasan_id == row.penugasan_id,
        not_ended_by(WilayahTugas.valid_to, sa.func.greatest(WilayahTugas.valid_from, on)),
    )
    for area in (await session.scalars(open_areas.order_by(WilayahTugas.wilayah_tugas_id))).all():
        close_wilayah_tugas(session, actor, area, on=on, reason=reason)
    row.valid_to = max(on, row.valid_from)
    row.version += 1
    append_range_history(session, row, reason=reason, actor=actor)
    emit(session, PenugasanEnded.of(row, reason=reason))


async def reopen_placements(
    session: AsyncSession, actor: Actor, pendamping_id: UUID, ended_by: StatusRecord, reason: str
) -> None:
    """Restore placements that a final status ended, and their areas.

    A placement whose kind is no longer in force stays ended. The caller has locked the pendamping's row.
    """
    placements = sa.select(Penugasan).where(Penugasan.pendamping_id == pendamping_id)
    for row in (await session.scalars(placements.order_by(Penugasan.penugasan_id))).all():
        before = await _read_range_before(session, row, ended_by)
        if before is not None and await _is_in_force(session, row, before, ended_by.from_on):
            emit(session, PenugasanStarted.of(_restore_range(session, actor, row, before, reason)))
            await _reopen_areas(session, actor, row, ended_by, reason)


async def _is_in_force(session: AsyncSession, row: Penugasan, before: RangeHistory, on: date) -> bool:
    try:
        await require_in_force(session, row.kind, max(row.valid_from, on), before.valid_to)
    except KindNotInForce:
        return False
    return True


async def _reopen_areas(
    session: AsyncSession, actor: Actor, penugasan: Penugasan, ended_by: StatusRecord, reason: str
) -> None:
    areas = sa.select(WilayahTugas).where(WilayahTugas.penugasan_id == penugasan.penugasan_id)
    for area in (await session.scalars(areas.order_by(WilayahTugas.wilayah_tugas_id))).all():
        if (before := await _read_range_before(session, area, ended_by)) is not None:
            emit(session, WilayahTugasPlaced.of(_restore_range(session, actor, area, before, reason)))


async def _read_range_before(
    session: AsyncSession, row: Penugasan | WilayahTugas, ended_by: StatusRecord
) -> RangeHistory | None:
    """Return the range that a row had before a final status.

    It is None if the status did not end the row, or not as the last one.
    """
    thing_id = row.penugasan_id if isinstance(row, Penugasan) else row.wilayah_tugas_id
    records = sa.select(RangeHistory).where(
        RangeHistory.thing_id == thing_id, RangeHistory.number.in_([row.version - 1, row.version])
    )
    *before, last = (await session.scalars(records.order_by(RangeHistory.number))).all()
    ended = last.reason == ended_by.status.value and last.valid_to == max(ended_by.from_on, row.valid_from)
    return before[0] if before and ended else None


def _restore_range(
    session: AsyncSession, actor: Actor, row: RestoredRow, before: RangeHistory, reason: str
) -> RestoredRow:
    row.valid_to, row.version = before.valid_to, row.version + 1
    append_range_history(session, row, reason=reason, actor=actor)
    return row
