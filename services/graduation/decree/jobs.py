from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.decree.commands.bulk import KIND, put_cases_in
from shared.jobs import Job, Step, Work


async def determine_many(session: AsyncSession, job: Job) -> Step:
    """The next cases of an SK; each step is whole, and what a dead worker left is gone on with."""
    return await put_cases_in(session, job)


WORK = Work(steps={KIND: determine_many})
