"""The task to supply what a partner asked for."""

from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.history import SYSTEM, append_history
from services.caseload.task.commands import mark_done, open_tugas, read_term
from services.caseload.task.models import Tugas, TugasKind
from shared import clock
from shared.contracts.referral import RujukanProgramFacts
from shared.contracts.rujukan_kinds import RujukanProgramState


async def follow_request(session: AsyncSession, event: RujukanProgramFacts) -> None:
    """Keep one task per offer open while its partner waits for data.

    What the partner asked for is read in referral.
    """
    is_asked = event.status is RujukanProgramState.PERLU_DATA
    own = sa.select(Tugas).where(Tugas.kpm_id == event.kpm_id, Tugas.kind == TugasKind.LENGKAPI_DATA)
    statement = own.where(Tugas.cause_id == event.rujukan_program_id).with_for_update(key_share=True)
    tugas = await session.scalar(statement)
    if tugas is None:
        if is_asked:
            await open_tugas(session, TugasKind.LENGKAPI_DATA, event.kpm_id, event.rujukan_program_id)
    elif is_asked and tugas.done_at is not None:
        today = await clock.today(session)
        days = await read_term(session, TugasKind.LENGKAPI_DATA, today)
        entry = (tugas.kpm_id, "tugas", tugas.tugas_id, "REOPENED")
        detail = {"kind": tugas.kind.value, "done_by": tugas.done_by}
        await append_history(session, *entry, actor=SYSTEM, why=None, **detail)
        tugas.opened_on, tugas.due_on = today, today + timedelta(days=days)
        tugas.done_at = tugas.done_by = tugas.note_sealed = None
        tugas.version += 1
    elif not is_asked and tugas.done_at is None:
        await mark_done(session, SYSTEM, tugas)
