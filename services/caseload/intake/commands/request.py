"""Requests of an intake."""

from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.intake.commands.staging import read_file_header
from shared import clock, files, jobs
from shared.access import Actor
from shared.dates import require_not_future

KIND = "family_intake.run"


async def request_intake(
    session: AsyncSession, actor: Actor, *, sha256: str, dry_run: bool, as_of: date | None
) -> UUID:
    """Enqueue the intake of an uploaded file, and return the job's id.

    The header is checked at once. `as_of` is the day on which the file was true, by default today.

    Raises:
        DateInTheFuture, FileNotUploaded, FileEmpty, FileNotText, HeaderTooLong, ColumnsMissing, ColumnsRepeated,
        ColumnsUnknown.
    """
    today = await clock.today(session)
    as_of = as_of or today
    require_not_future(as_of, today, "/body/as_of")
    await files.require_uploaded(session, {"/body/sha256": sha256})
    await read_file_header(session, sha256)
    params = {"sha256": sha256, "dry_run": dry_run, "as_of": as_of.isoformat()}
    job_id = await jobs.enqueue(session, KIND, params, actor)
    await files.record_file_use(session, sha256, files.FileUseKind.JOB, job_id, actor)
    return job_id
