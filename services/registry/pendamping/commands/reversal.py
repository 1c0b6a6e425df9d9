"""Reverse a status of a pendamping that was recorded in error (docs/case-lifecycle.md#two-person-requests)."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.approval.models import ApprovalRequest
from services.registry.history import (
    StatusEntry,
    append_status_history,
    effective_statuses,
    read_status_history,
)
from services.registry.pendamping.commands.status import (
    apply_statuses,
    emit_restored_statuses,
    require_fits_next,
)
from services.registry.pendamping.errors import NikAlreadyRegistered, StatusNotReversible
from services.registry.pendamping.models import Pendamping, StatusRecord, StatusReversalTerms
from services.registry.pendamping.rules import status_before
from services.registry.placement.commands.restoration import reopen_placements
from services.registry.placement.models import WilayahTugas
from shared import clock
from shared.access import Actor
from shared.access.actor import NATIONAL
from shared.contracts.kinds import FINAL_STATUSES, PendampingStatus
from shared.contracts.registry import PendampingStatusChanged
from shared.database import load, refuse_violations
from shared.messaging import emit


@dataclass(frozen=True, slots=True)
class ReversalPlan:
    """A record that can be reversed, and the status that holds without it."""

    row: Pendamping
    statuses: Sequence[StatusRecord]
    record: StatusRecord
    restored: PendampingStatus


async def plan_reversal(
    session: AsyncSession, pendamping_id: UUID, terms: StatusReversalTerms
) -> ReversalPlan:
    """Return what the reversal of a status would do, or raise what refuses it.

    Raises:
        NotFound, NextStatusConflicts
        StatusNotReversible: The status is not recorded from that day, or it has not begun and is no dismissal.
    """
    row = await load(session, Pendamping, pendamping_id, noun="pendamping")
    today = await clock.today(session)
    await apply_statuses(session, row, today)
    history = await read_status_history(session, pendamping_id)
    statuses = effective_statuses(history)
    record = next((one for one in statuses[1:] if one.from_on == terms.from_on), None)
    # One person takes back a status of a later day, except a dismissal.
    planned = terms.from_on > today and terms.status is not PendampingStatus.DIBERHENTIKAN
    if record is None or record.status is not terms.status or planned:
        raise StatusNotReversible("/body/status", status=terms.status.value, from_on=terms.from_on)
    restored = status_before(statuses, history, record)
    if restored is record.status:
        raise StatusNotReversible("/body/status", status=terms.status.value, from_on=terms.from_on)
    require_fits_next(statuses, restored, record.from_on)
    return ReversalPlan(row, statuses, record, restored)


async def require_reversible(
    session: AsyncSession, actor: Actor, pendamping_id: UUID, terms: StatusReversalTerms
) -> str | None:
    """Raise what refuses a reversal today, and return the area of its request.

    An office requests it for a pendamping who ever had an area in its areas. For one without any area every office may.
    Row security hides all others.

    Raises:
        NotFound, StatusNotReversible, NextStatusConflicts
    """
    await plan_reversal(session, pendamping_id, terms)
    areas = sa.select(WilayahTugas.kode_wilayah).where(WilayahTugas.pendamping_id == pendamping_id)
    placed = (await session.scalars(areas.order_by(WilayahTugas.valid_from.desc()))).all()
    area = next((one for one in placed if actor.covers(one)), None)
    return area or next((one for one in actor.areas if one != NATIONAL), None)


async def reverse_status(
    session: AsyncSession, actor: Actor, request: ApprovalRequest, terms: StatusReversalTerms
) -> Pendamping:
    """Restore the status before a wrong one, by an approved request.

    What a final status ended is restored where that is still possible: placements and their areas.

    Raises:
        NotAllowed, NotFound, StatusNotReversible, NextStatusConflicts
        NikAlreadyRegistered: The person was registered anew since the registration was cancelled.
    """
    actor.require_national()
    plan = await plan_reversal(session, request.subject_id, terms)
    row, record, on = plan.row, plan.record, plan.record.from_on
    row.version += 1
    row.reversal_id = request.approval_request_id
    if row.status_from_on == on:
        row.status = plan.restored
    with refuse_violations(uq_pendamping_nik_index=NikAlreadyRegistered("/body/status")):
        await session.flush()
    entry = StatusEntry(
        plan.restored,
        on,
        record.status,
        terms.reason,
        terms.evidence_sha256,
        request.approval_request_id,
        reverses=record.number,
    )
    append_status_history(session, row, entry, actor)
    # The placements go first: who has the event of the status has theirs too.
    if record.status in FINAL_STATUSES:
        await reopen_placements(session, actor, row.pendamping_id, record, terms.reason)
    change = {"status": plan.restored, "from_on": on, "reason": terms.reason, "reverses": record.status}
    emit(session, PendampingStatusChanged.of(row, **change))
    await emit_restored_statuses(session, row, plan.statuses, on)
    await apply_statuses(session, row, await clock.today(session))
    return row
