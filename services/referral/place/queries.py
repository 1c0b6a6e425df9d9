"""Lists of quotas, intake windows and waiting lists."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.place.models import IntakeWindow, ProgramQuota, QuotaFacts, WaitingListEntry
from services.referral.visibility import select_columns

QUOTA_ORDER = (ProgramQuota.kode_wilayah, ProgramQuota.valid_from, ProgramQuota.quota_id)
INTAKE_ORDER = (IntakeWindow.opens_on, IntakeWindow.window_id)
WAITING_ORDER = (WaitingListEntry.number,)


def select_quotas(code: str) -> sa.Select[*tuple[Any, ...]]:
    """Select the quotas of a program with what is taken and free."""
    free = (ProgramQuota.places - ProgramQuota.taken).label("free")
    statement = select_columns(ProgramQuota, list(QuotaFacts.model_fields)).add_columns(free)
    return statement.where(ProgramQuota.program_code == code)


async def read_place_in_line(session: AsyncSession, rujukan_program_id: UUID) -> dict[str, Any] | None:
    """Return why and since when an offer waits, and how many wait before it.

    Those in the areas of the actor are counted. Return None if it does not wait.
    """
    waiting = await read_waiting_list_entry(session, rujukan_program_id)
    if waiting is None:
        return None
    ahead = await session.scalar(sa.select(sa.func.waiting_ahead(waiting.program_code, waiting.number)))
    return {"reason": waiting.reason, "since_on": waiting.since_on, "ahead": ahead}


async def read_waiting_list_entry(session: AsyncSession, rujukan_program_id: UUID) -> WaitingListEntry | None:
    """Return the open row of the waiting list, or None."""
    statement = sa.select(WaitingListEntry).where(
        WaitingListEntry.rujukan_program_id == rujukan_program_id, WaitingListEntry.left_on.is_(None)
    )
    return await session.scalar(statement)
