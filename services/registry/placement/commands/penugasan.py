"""Start and end placements of pendamping."""

from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.history import append_range_history, read_statuses
from services.registry.kind.commands import require_in_force
from services.registry.kind.models import HeldBy, RoleConflict
from services.registry.kind.rules import require_earlier_end
from services.registry.pendamping.models import Pendamping
from services.registry.placement.commands.area import close_wilayah_tugas, lock_penugasan
from services.registry.placement.errors import (
    PendampingHasLeft,
    PenugasanOverlaps,
    RolesConflict,
    SubjectNotAllowed,
    SupervisorUnknown,
)
from services.registry.placement.models import PAID, Penugasan, PenugasanTerms, WilayahTugas
from services.registry.visibility import require_ditjen
from shared.access import Actor
from shared.contracts.kinds import FINAL_STATUSES, EmployerStatus, SubjectKind
from shared.contracts.registry import PenugasanEnded, PenugasanStarted
from shared.database import insert, load, uuid7
from shared.errors import DomainError, InvalidRange
from shared.messaging import emit
from shared.validity import not_ended_by
from shared.words import Words

PLACEMENT_REASON = "SK_PENUGASAN"


async def start_penugasan(session: AsyncSession, actor: Actor, terms: PenugasanTerms) -> Penugasan:
    """Place a pendamping as a kind, by an SK, for a range of days.

    `valid_to` is the first day after it.

    Raises:
        NotAllowed, NotFound, PendampingHasLeft, InvalidRange, KindNotInForce, SubjectNotAllowed, RolesConflict,
        PenugasanOverlaps, SupervisorUnknown.
    """
    actor.require_national()
    require_ditjen(actor, terms.ditjen, "/body/ditjen")
    pendamping = await load(session, Pendamping, terms.pendamping_id, noun="pendamping")
    await require_supervisor(session, terms.supervisor_id)
    row = Penugasan(**dict(terms), penugasan_id=uuid7(), version=1)
    await require_placeable(session, pendamping, row)
    kind = await require_in_force(session, row.kind, row.valid_from, row.valid_to)
    require_subject(pendamping, row, kind.held_by)
    await refuse_conflicts(session, row)
    await insert(session, row, **placement_refusals())
    append_range_history(session, row, reason=PLACEMENT_REASON, actor=actor)
    emit(session, PenugasanStarted.of(row, restored_from=None))
    return row


async def require_supervisor(session: AsyncSession, supervisor_id: UUID | None) -> None:
    """Require a supervisor whom the actor may see.

    Raises:
        SupervisorUnknown.
    """
    # The foreign key alone would accept one outside the actor's scope.
    if supervisor_id is not None and await session.get(Pendamping, supervisor_id) is None:
        raise SupervisorUnknown("/body/supervisor_id")


def placement_refusals() -> dict[str, DomainError]:
    return {
        "ex_penugasan_range": PenugasanOverlaps("/body/valid_from"),
        "fk_penugasan_supervisor_id": SupervisorUnknown("/body/supervisor_id"),
        "ck_penugasan_supervisor_differs": SupervisorUnknown("/body/supervisor_id"),
    }


async def require_placeable(session: AsyncSession, pendamping: Pendamping, row: Penugasan) -> None:
    last = (await read_statuses(session, pendamping.pendamping_id))[-1]
    if last.status in FINAL_STATUSES and (
        pendamping.status is last.status or last.from_on < (row.valid_to or date.max)
    ):
        raise PendampingHasLeft("/body/pendamping_id", status=last.status.value)
    if row.valid_to is not None and row.valid_to <= row.valid_from:
        raise InvalidRange("/body/valid_to", valid_from=row.valid_from, valid_to=row.valid_to)


def require_subject(pendamping: Pendamping, row: Penugasan, held_by: HeldBy) -> None:
    is_organisation = pendamping.subject is SubjectKind.LEMBAGA
    fits_kind = held_by in {HeldBy.EITHER, HeldBy(pendamping.subject.value)}
    if not fits_kind or is_organisation != (row.employer_status is EmployerStatus.LEMBAGA):
        raise SubjectNotAllowed(
            "/body/kind",
            kind=row.kind.value,
            employer_status=row.employer_status.value,
            subject=pendamping.subject.value,
        )


async def refuse_conflicts(session: AsyncSession, row: Penugasan) -> None:
    # The caller has locked the pendamping's row. Without the lock two requests could each miss the other's placement.
    conflict, other, daterange = RoleConflict, Penugasan, sa.func.daterange
    new_range = daterange(row.valid_from, row.valid_to)
    pair = sa.or_(
        sa.and_(conflict.kind == row.kind, conflict.other_kind == other.kind),
        sa.and_(conflict.other_kind == row.kind, conflict.kind == other.kind),
    )
    both_paid = other.employer_status.in_(PAID) if row.employer_status in PAID else sa.false()
    rows = await session.execute(
        sa.select(other.kind, other.penugasan_id, conflict.reason_en, conflict.reason_id)
        .join(conflict, pair)
        .where(other.pendamping_id == row.pendamping_id, sa.or_(~conflict.paid_only, both_paid))
        .where(daterange(other.valid_from, other.valid_to).op("&&")(new_range))
        .where(daterange(conflict.valid_from, conflict.valid_to).op("&&")(new_range))
        .limit(1)
    )
    for kind, penugasan_id, reason_en, reason_id in rows:
        raise RolesConflict(
            "/body/kind",
            kind=row.kind.value,
            other=kind.value,
            reason=Words(reason_en, reason_id),
            penugasan_id=penugasan_id,
        )


async def end_penugasan(
    session: AsyncSession, actor: Actor, penugasan_id: UUID, *, valid_to: date, reason: str
) -> Penugasan:
    """End a placement and its areas.

    `valid_to` is the first day after it, and may be in the future.

    Raises:
        NotAllowed, NotFound, InvalidRange, EndAlreadySet.
    """
    actor.require_national()
    row = await lock_penugasan(session, actor, penugasan_id)
    require_earlier_end(row.valid_from, row.valid_to, valid_to)
    await close_penugasan(session, actor, row, on=valid_to, reason=reason)
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
