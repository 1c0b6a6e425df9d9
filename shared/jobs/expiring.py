"""Refused rows are listed for a time after their job has ended; the job's counts stay."""

from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from shared import schema

ROW_ERRORS_KEPT = timedelta(days=90)
JOBS_AT_ONCE = 20


async def expire_row_errors(session: AsyncSession) -> bool:
    """Delete the refused rows of some jobs that ended long ago; return whether there may be more."""
    job, error = schema.job.c, schema.job_row_error
    listed = sa.exists().where(error.c.job_id == job.job_id)
    over = sa.select(job.job_id).where(job.ended_at < sa.func.clock_timestamp() - ROW_ERRORS_KEPT, listed)
    found = (await session.scalars(over.order_by(job.ended_at).limit(JOBS_AT_ONCE))).all()
    if found:
        await session.execute(sa.delete(error).where(error.c.job_id.in_(found)))
    return len(found) == JOBS_AT_ONCE
