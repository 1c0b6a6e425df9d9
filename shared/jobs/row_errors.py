"""Refused rows are listed for 90 days after their job has ended. Its counts stay."""

from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from shared import schema

ROW_ERROR_RETENTION = timedelta(days=90)
JOBS_AT_ONCE = 20


async def expire_row_errors(session: AsyncSession) -> bool:
    """Delete expired row errors of some jobs, and return whether there may be more."""
    job, error = schema.job.c, schema.job_row_error
    listed = sa.exists().where(error.c.job_id == job.job_id)
    over = sa.select(job.job_id).where(job.ended_at < sa.func.clock_timestamp() - ROW_ERROR_RETENTION, listed)
    job_ids = (await session.scalars(over.order_by(job.ended_at).limit(JOBS_AT_ONCE))).all()
    if job_ids:
        await session.execute(sa.delete(error).where(error.c.job_id.in_(job_ids)))
    return len(job_ids) == JOBS_AT_ONCE
