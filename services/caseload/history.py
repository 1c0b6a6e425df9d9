from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.family.models import KpmHistory
from shared import clock
from shared.database import uuid7


async def append_history(
    session: AsyncSession,
    kpm_id: UUID,
    subject: str,
    subject_id: UUID,
    act: str,
    *,
    who: str,
    why: str | None,
    **detail: Any,
) -> UUID:
    """Append an act to the family's history, and return its id.

    `detail` must not hold personal data.
    """
    history_id = uuid7()
    session.add(
        KpmHistory(
            history_id=history_id,
            kpm_id=kpm_id,
            subject=subject,
            subject_id=subject_id,
            act=act,
            who=who,
            why=why,
            detail=detail,
            occurred_at=await clock.now(session),
        )
    )
    return history_id
