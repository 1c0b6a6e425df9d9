"""Change the status of pendamping."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.approval.models import ApprovalRequest
from services.registry.history import StatusEntry, append_status_history, read_statuses
from services.registry.pendamping.errors import (
    DateBeforeLast,
    DismissalApproved,
    NextStatusConflicts,
    RegistrationHasPlacements,
)
from services.registry.pendamping.models import TRANSITIONS, Pendamping, StatusChangeTerms, StatusRecord
from services.registry.pendamping.rules import first_of_run, status_in_force
from services.registry.placement.commands.penugasan import close_penugasan
from services.registry.placement.models import Penugasan
from shared import clock
from shared.access import Actor
from shared.contracts.kinds import FINAL_STATUSES, PendampingStatus
from shared.contracts.registry import PendampingStatusChanged
from shared.database import load
from shared.dates import midnight, require_not_future
from shared.errors import DateTooLate
from shared.evidence import EvidenceKind, EvidenceUse, require_evidence
from shared.jobs import schedule
from shared.messaging import emit
from shared.transitions import require_move
from shared.validity import not_ended_by, not_voided

START_STATUS = "pendamping_status.start"
LONGEST_AHEAD = timedelta(days=366)
NEVER_AHEAD = frozenset({PendampingStatus.MENINGGAL, PendampingStatus.DIBATALKAN})
LATE_STATUSES = frozenset({PendampingStatus.AKTIF, PendampingStatus.CUTI})
"""A leave, and the return from it, may also be recorded before the current status. They end no dampingan."""


@dataclass(frozen=True, slots=True)
class StatusPlan:
    """A status that can be recorded for a locked row, after `previous`."""

    row: Pendamping
    statuses: Sequence[StatusRecord]
    status: PendampingStatus
    previous: PendampingStatus
    on: date
    today: date


async def plan_status(
    session: AsyncSession, actor: Actor, pendamping_id: UUID, terms: StatusChangeTerms
) -> StatusPlan:
    """Return what recording a status would do, or raise what refuses it.

    Raises:
        NotAllowed, NotFound, IllegalTransition, DateTooLate, NextStatusConflicts, DismissalApproved, FileNotUploaded.
        DateInTheFuture: A death and a cancellation are not recorded ahead.
        DateBeforeLast: `from_on` is before the first day of the current status. A leave and a return may be.
        RegistrationHasPlacements: A registration with a placement cannot be cancelled.
    """
    actor.require_national()
    row = await load(session, Pendamping, pendamping_id, noun="pendamping")
    today = await clock.today(session)
    statuses = await apply_statuses(session, row, today)
    on = terms.from_on or today
    await _check_first_day(session, row, statuses, terms.status, on, today)
    previous = _require_between(statuses, terms.status, on, today)
    _require_dismissal_kept(statuses, terms.status, on, today)
    if terms.status is PendampingStatus.DIBATALKAN:
        await _require_never_placed(session, pendamping_id)
    use = EvidenceUse(EvidenceKind.SK, pendamping_id, None, "", actor)
    await require_evidence(session, terms.evidence_sha256, use)
    return StatusPlan(row, statuses, terms.status, previous, on, today)


async def require_dismissible(
    session: AsyncSession, actor: Actor, pendamping_id: UUID, terms: StatusChangeTerms
) -> None:
    """Raise what refuses a dismissal today. Its request is visible to the whole country only.

    Raises:
        Those of `plan_status`.
    """
    await plan_status(session, actor, pendamping_id, terms)


async def dismiss(
    session: AsyncSession, actor: Actor, request: ApprovalRequest, terms: StatusChangeTerms
) -> Pendamping:
    """Dismiss a pendamping by an approved request, from its day on or from today.

    Raises:
        Those of `plan_status`.
    """
    return await change_status(session, actor, request.subject_id, terms, request.approval_request_id)


async def change_status(
    session: AsyncSession,
    actor: Actor,
    pendamping_id: UUID,
    terms: StatusChangeTerms,
    approval_request_id: UUID | None = None,
) -> Pendamping:
    """Record a status from a day on, at most a year ahead.

    Until its day a planned status, except a dismissal, can be replaced, and taken back by the status before it. A final
    status voids what was recorded for later days, and ends every placement on its day. Without `from_on` the day is
    today. The reason is a code, because it is published in the event. A dismissal has an approved request.

    Raises:
        Those of `plan_status`.
    """
    plan = await plan_status(session, actor, pendamping_id, terms)
    row, on = plan.row, plan.on
    late = on < row.status_from_on and plan.status in LATE_STATUSES
    if on <= plan.today and not late:
        row.transition_to(plan.status)
        row.status_from_on = on
    else:
        row.version += 1
    if on > plan.today:
        payload = {"pendamping_id": str(pendamping_id)}
        await schedule(
            session, START_STATUS, midnight(on), subject_id=f"{pendamping_id}:{on}", payload=payload
        )
    entry = StatusEntry(
        plan.status, on, plan.previous, terms.reason, terms.evidence_sha256, approval_request_id
    )
    append_status_history(session, row, entry, actor)
    change = {"status": plan.status, "from_on": on, "reason": terms.reason, "reverses": None}
    emit(session, PendampingStatusChanged.of(row, **change))
    await emit_restored_statuses(session, row, plan.statuses, on)
    if plan.status in FINAL_STATUSES and on <= plan.today:
        await _end_placements(session, actor, row, plan.status, on)
    return row


async def apply_statuses(session: AsyncSession, row: Pendamping, today: date) -> list[StatusRecord]:
    """Apply the statuses whose day has come, and return all effective statuses.

    A final status ends every placement on its day.
    """
    statuses = await read_statuses(session, row.pendamping_id)
    for status in statuses:
        if row.status_from_on < status.from_on <= today:
            row.status, row.status_from_on = status.status, status.from_on
            await session.flush()  # The database checks each move.
            if status.status in FINAL_STATUSES:
                system = Actor.system("registry")
                await _end_placements(session, system, row, status.status, status.from_on)
    return statuses


async def emit_restored_statuses(
    session: AsyncSession, row: Pendamping, before: Sequence[StatusRecord], on: date
) -> None:
    """Emit the later statuses that a final one had voided, if it was taken back."""
    known = {record.from_on for record in before}
    for record in await read_statuses(session, row.pendamping_id):
        if record.from_on > on and record.from_on not in known:
            change = {"status": record.status, "from_on": record.from_on, "reason": record.reason}
            emit(session, PendampingStatusChanged.of(row, **change, reverses=None))


async def _check_first_day(
    session: AsyncSession,
    row: Pendamping,
    statuses: Sequence[StatusRecord],
    status: PendampingStatus,
    on: date,
    today: date,
) -> None:
    if status in NEVER_AHEAD:
        require_not_future(on, await clock.latest_today(session), "/body/from_on")
    if on > (latest := today + LONGEST_AHEAD):
        raise DateTooLate("/body/from_on", on=on, latest=latest)
    last = row.status_from_on
    if status in FINAL_STATUSES:
        # A final status voids later ones, so it may begin where the current status began before a reversal.
        last = first_of_run(statuses, last)
    elif status in LATE_STATUSES and all(record.from_on != on for record in statuses):
        last = statuses[0].from_on
    if on < last:
        raise DateBeforeLast("/body/from_on", last=last)


async def _require_never_placed(session: AsyncSession, pendamping_id: UUID) -> None:
    placed = select(Penugasan.penugasan_id).where(
        Penugasan.pendamping_id == pendamping_id, not_voided(Penugasan.valid_from, Penugasan.valid_to)
    )
    if await session.scalar(placed.limit(1)) is not None:
        raise RegistrationHasPlacements("/body/status")


def _require_between(
    statuses: Sequence[StatusRecord], status: PendampingStatus, on: date, today: date
) -> PendampingStatus:
    """Return the status that the new one follows.

    It must fit between that and the next planned one. A status that is planned for the same day is replaced.
    """
    same_day = on > today and any(record.from_on == on for record in statuses)
    previous = status_in_force(statuses, on - timedelta(days=same_day)).status
    if not same_day or status is not previous:
        require_move(TRANSITIONS, previous, status, "pendamping")
    require_fits_next(statuses, status, on)
    return previous


def _require_dismissal_kept(
    statuses: Sequence[StatusRecord], status: PendampingStatus, on: date, today: date
) -> None:
    """Raise DismissalApproved if a status replaces or voids a planned dismissal. A death may."""
    last = statuses[-1]
    planned = last.status is PendampingStatus.DIBERHENTIKAN and last.from_on > today
    if not planned or status in {PendampingStatus.DIBERHENTIKAN, PendampingStatus.MENINGGAL}:
        return
    if on == last.from_on or status in FINAL_STATUSES:
        raise DismissalApproved("/body/status", on=last.from_on)


def require_fits_next(statuses: Sequence[StatusRecord], status: PendampingStatus, on: date) -> None:
    """Raise NextStatusConflicts if the next recorded status cannot follow one from a day on."""
    later = [record for record in statuses if record.from_on > on and status not in FINAL_STATUSES]
    if later and later[0].status not in {status, *TRANSITIONS[status]}:
        raise NextStatusConflicts(
            "/body/from_on", next=later[0].status.value, on=later[0].from_on, status=status.value
        )


async def _end_placements(
    session: AsyncSession, actor: Actor, row: Pendamping, status: PendampingStatus, on: date
) -> None:
    open_placements = select(Penugasan).where(
        Penugasan.pendamping_id == row.pendamping_id,
        not_ended_by(Penugasan.valid_to, func.greatest(Penugasan.valid_from, on)),
    )
    for penugasan in (await session.scalars(open_placements.order_by(Penugasan.penugasan_id))).all():
        await close_penugasan(session, actor, penugasan, on=on, reason=status.value)
