from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.family.models import KpmHistory
from services.caseload.tables import FamilyAct, HistorySubject
from shared import clock
from shared.access import Actor
from shared.database import uuid7

SYSTEM = Actor.system("caseload")


async def append_history(
    session: AsyncSession,
    kpm_id: UUID,
    subject: str,
    subject_id: UUID,
    act: str,
    *,
    actor: Actor,
    why: str | None,
    **detail: Any,
) -> UUID:
    """Append an act to the family's history, and return its id. `why` is a code.

    `detail` must not hold personal data.
    """
    history_id = uuid7()
    session.add(
        KpmHistory(
            history_id=history_id,
            kpm_id=kpm_id,
            subject=HistorySubject(subject),
            subject_id=subject_id,
            act=FamilyAct(act),
            sub=actor.sub,
            role=actor.role,
            pendamping_id=actor.pendamping_id,
            reason_code=why,
            detail=detail,
            occurred_at=await clock.now(session),
        )
    )
    return history_id
