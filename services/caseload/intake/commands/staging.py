"""Steps that survey a file and stage the rows on which the whole file decides."""

import asyncio
import time
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.intake.commands.batch import SEALED_ROW, Batch
from services.caseload.intake.commands.survey import Survey
from services.caseload.intake.models import StagedRow
from services.caseload.intake.rules.csv_file import BLANK, Header, read_header, records
from services.caseload.intake.rules.numbers import read_numbers
from shared import clock, files, schema
from shared.database import raw, vault_of
from shared.jobs import Job, Step
from shared.jobs.job_runner import MAX_REFUSALS

BUDGET_SECONDS = 0.5
CHUNKS_AT_ONCE = 5
COPIED = ("job_id", *SEALED_ROW)
MARK_REPEATED = """
UPDATE staged_row SET repeated = true WHERE job_id = $1 AND row_no IN (
    SELECT row_no FROM (SELECT row_no, row_number() OVER (PARTITION BY nik_index ORDER BY row_no) AS place
        FROM staged_row WHERE job_id = $1 AND nik_index IS NOT NULL) AS numbered WHERE place > 1)
"""
DELETE_STAGED = """
DELETE FROM staged_row WHERE ctid = ANY(ARRAY(SELECT ctid FROM staged_row WHERE job_id = $1
    OR job_id IN (SELECT job_id FROM platform.job WHERE state IN ('CANCELLED', 'FAILED', 'DONE')) LIMIT 50000))
"""
MOST_SURVEYS = 4
_surveys: dict[UUID, Survey] = {}
"""The surveys of this process by job, the latest ones. Another process surveys the file itself."""


async def survey(session: AsyncSession, job: Job) -> Step:
    """Survey a part of the file.

    A file with too many faulty numbers is refused before anything of it is written.
    """
    numbers = await read_survey(session, job)
    file = await files.read_info(session, str(job.params["sha256"]))
    report = {"bytes": numbers.offset, "bytes_total": file.size, "dry_run": bool(job.params["dry_run"])}
    if numbers.faults > MAX_REFUSALS:
        del _surveys[job.job_id]
        batch = Batch(vault_of(session), await clock.moment_of(session))
        for record in numbers.faulty:
            batch.add(record, read_numbers(record))
        report |= count_rows(job, batch)
        return Step(place=job.place, errors=batch.errors, refused=batch.bad, report=report)
    if numbers.cards_to_stage is None:
        return Step(place={"phase": "survey"}, report=report)
    report |= {"rows": numbers.rows, "bytes": 0}
    starts = {"offset": numbers.header.begins_at, "row": numbers.header.first_row, "staged": 0}
    if not numbers.cards_to_stage:
        del _surveys[job.job_id]
        return Step(place={"phase": "apply", **starts}, report=report, total=numbers.rows)
    await session.execute(sa.delete(StagedRow).where(StagedRow.job_id == job.job_id))
    return Step(place={"phase": "stage", **starts}, report=report, total=numbers.rows)


async def read_survey(session: AsyncSession, job: Job) -> Survey:
    """Read the next numbers of the file, in a thread."""
    sha256, vault = str(job.params["sha256"]), vault_of(session)
    numbers = _surveys.pop(job.job_id, None) or Survey(await read_file_header(session, sha256), MAX_REFUSALS)
    until = time.monotonic() + BUDGET_SECONDS
    while numbers.cards_to_stage is None and numbers.faults <= MAX_REFUSALS and time.monotonic() < until:
        content, last = await read_content(session, sha256, numbers.offset)
        await asyncio.to_thread(numbers.read, content, vault, last=last)
    for oldest in list(_surveys)[: len(_surveys) + 1 - MOST_SURVEYS]:
        del _surveys[oldest]
    _surveys[job.job_id] = numbers
    return numbers


async def stage(session: AsyncSession, job: Job) -> Step:
    """Stage rows, as many as fit into a step."""
    numbers = await read_survey(session, job)
    if (cards := numbers.cards_to_stage) is None:
        return Step(place=job.place)
    sha256, vault = str(job.params["sha256"]), vault_of(session)
    offset, row_no = int(job.place["offset"]), int(job.place["row"])
    content, last = await read_content(session, sha256, offset)
    batch, until = Batch(vault, await clock.moment_of(session)), time.monotonic() + BUDGET_SECONDS
    for record in records(content, numbers.header, offset, row_no, last=last):
        card = None if record.fault == BLANK else read_numbers(record).no_kk
        if card is not None and vault.index("no_kk", card) in cards:
            batch.add(record, batch.read(record))
        offset, row_no = record.ends_at, record.row_no + record.lines
        if time.monotonic() > until:
            last = False
            break
    await copy_rows(session, job, batch)
    place = {"phase": "analyze"} if last else {"phase": "stage", "offset": offset, "row": row_no}
    place |= {"staged": int(job.place["staged"]) + len(batch.rows)}
    return Step(errors=batch.errors, place=place, report=count_rows(job, batch))


async def copy_rows(session: AsyncSession, job: Job, batch: Batch) -> None:
    """Write rows by COPY in the step's transaction."""
    if batch.rows:
        # Fast path: one COPY writes the rows of a step (bench: intake).
        connection = await raw(session)
        rows = [(job.job_id, *values, orjson.dumps(data).decode()) for *values, data in batch.sealed()]
        await connection.copy_records_to_table(
            StagedRow.__tablename__, records=rows, columns=COPIED, schema_name="public"
        )


async def analyze(session: AsyncSession, job: Job) -> Step:
    """Update PostgreSQL's statistics of the staged rows for its query plans."""
    # With statistics of an empty table, PostgreSQL plans a nested loop: 20,000 rows take over 30 s. It is a separate
    # step, because ANALYZE blocks every other ANALYZE of the table until the commit.
    await session.execute(sa.text("ANALYZE staged_row"))
    return Step(place=job.place | {"phase": "mark"})


async def mark(session: AsyncSession, job: Job) -> Step:
    """Mark repeated NIK."""
    # Fast path: one statement marks the staged rows of the file, another counts them (bench: intake).
    connection = await raw(session)
    await connection.execute(MARK_REPEATED, job.job_id)
    count = await connection.fetchval("SELECT count(*) FROM staged_row WHERE job_id = $1", job.job_id)
    _surveys.pop(job.job_id, None)
    if count != int(job.place["staged"]):
        return await restart(session, job)
    header = await read_file_header(session, str(job.params["sha256"]))
    starts = {"offset": header.begins_at, "row": header.first_row}
    return Step(place={"phase": "apply", **starts, "staged": count})


async def is_lost(session: AsyncSession, job: Job) -> bool:
    """Return whether a crash of PostgreSQL has emptied the staged rows.

    It deletes all or none.
    """
    staged = sa.text("SELECT EXISTS (SELECT FROM staged_row WHERE job_id = :job_id)")
    return bool(job.place["staged"]) and not await session.scalar(staged, {"job_id": job.job_id})


async def restart(session: AsyncSession, job: Job) -> Step:
    """Restart the file. Families that were written already count as unchanged this time."""
    errors = schema.job_row_error
    await session.execute(sa.delete(errors).where(errors.c.job_id == job.job_id))
    report = {name: 0 for name, value in job.report.items() if type(value) is int}
    return Step(
        done=-job.done,
        refused=-job.refused,
        place={"phase": "survey"},
        report=report | {"warnings": {}, "changes": {}, "cleared": {}},
    )


async def clear(session: AsyncSession, job: Job) -> Step:
    """Delete the staged rows of this job and of ended jobs."""
    # Fast path: one DELETE removes up to 50,000 rows (bench: intake).
    connection = await raw(session)
    result = await connection.execute(DELETE_STAGED, job.job_id)
    return Step(finished=result == "DELETE 0", place=job.place)


async def read_file_header(session: AsyncSession, sha256: str) -> Header:
    """Return the header of an uploaded file."""
    return read_header(await files.read_chunk(session, vault_of(session), sha256, 0))


async def read_content(session: AsyncSession, sha256: str, offset: int) -> tuple[bytes, bool]:
    """Return the next chunks from `offset` on, and whether the file ends with them."""
    file = await files.read_info(session, sha256)
    first, start = divmod(offset, files.CHUNK_BYTES)
    numbers = range(first, min(first + CHUNKS_AT_ONCE, file.chunks))
    parts = [await files.read_chunk(session, vault_of(session), sha256, number) for number in numbers]
    return b"".join(parts)[start:], first + CHUNKS_AT_ONCE >= file.chunks


def count_rows(job: Job, batch: Batch) -> dict[str, Any]:
    """Return the report's count of faulty rows with those of a batch."""
    return {"bad_rows": int(job.report.get("bad_rows", 0)) + batch.bad}
