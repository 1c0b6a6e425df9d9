"""Requests of an intake."""

from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.intake.commands.staging import read_file_header
from services.caseload.intake.errors import FileEmpty
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
    if (await files.read_uploaded_info(session, sha256)).size == 0:
        raise FileEmpty("/body/sha256")
    await read_file_header(session, sha256)
    return await jobs.enqueue(
        session, KIND, {"sha256": sha256, "dry_run": dry_run, "as_of": as_of.isoformat()}, actor
    )
