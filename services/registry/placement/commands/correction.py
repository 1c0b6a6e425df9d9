"""Corrections of the terms of a placement that do not change its kind or range."""

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.history import append_range_history
from services.registry.kind.commands import require_in_force
from services.registry.pendamping.models import Pendamping
from services.registry.placement.commands.area import lock_penugasan
from services.registry.placement.commands.penugasan import (
    placement_refusals,
    refuse_conflicts,
    require_subject,
)
from services.registry.placement.models import Penugasan, PenugasanCorrection, PenugasanCorrectionTerms
from services.registry.visibility import require_national
from shared.access import Actor
from shared.contracts.registry import PenugasanStarted
from shared.database import refuse_violations, uuid7
from shared.messaging import emit


async def correct_penugasan(
    session: AsyncSession, actor: Actor, penugasan_id: UUID, terms: PenugasanCorrectionTerms
) -> Penugasan:
    """Correct ditjen, employer status, SK or supervisor of a placement.

    What the request leaves out stays. The same values change nothing. A supervisor of null is none.

    Raises:
        NotAllowed, NotFound, KindNotInForce, SubjectNotAllowed, RolesConflict, SupervisorUnknown.
    """
    require_national(actor)
    row = await lock_penugasan(session, penugasan_id)
    given = {
        name: value
        for name, value in terms.model_dump(exclude={"reason"}, exclude_unset=True).items()
        if (value is not None or name == "supervisor_id") and value != getattr(row, name)
    }
    if not given:
        return row
    before = row.model_dump(mode="json", include=set(given))
    row.sqlmodel_update(given | {"version": row.version + 1})
    with refuse_violations(**placement_refusals()):
        await session.flush()
    kind = await require_in_force(session, row.kind, row.valid_from, row.valid_to)
    require_subject(await session.get_one(Pendamping, row.pendamping_id), row, kind.held_by)
    await refuse_conflicts(session, row)
    append_range_history(session, row, reason=terms.reason, actor=actor)
    session.add(
        PenugasanCorrection(
            penugasan_correction_id=uuid7(),
            penugasan_id=penugasan_id,
            number=row.version,
            before=before,
            after=row.model_dump(mode="json", include=set(given)),
            reason=terms.reason,
            recorded_at=datetime.now(UTC),
            recorded_by=actor.sub,
        )
    )
    emit(session, PenugasanStarted.of(row, restored_from=None))
    return row
