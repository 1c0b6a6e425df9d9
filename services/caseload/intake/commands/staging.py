"""From the sealed file to staged rows: read a window, check, seal, COPY. Nothing in clear leaves this process."""

import time
from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.intake.errors import ROW_REFUSALS
from services.caseload.intake.models import StagedRow
from services.caseload.intake.rules.csv_file import BLANK, Header, Record, read_header, records
from services.caseload.intake.rules.row import Row, read_row
from services.caseload.intake.rules.values import NUMBER_FAULTS
from shared import clock, files, schema
from shared.database import raw, vault_of
from shared.errors import InvalidInput, Words
from shared.jobs import Job, RowError, Step
from shared.privacy import NoKk, Vault

MOST_MEMBERS = 40
BUDGET_SECONDS = 0.5
CHUNKS_AT_ONCE = 5
MARKS = ("scattered", "repeated")
COPIED = tuple(column.name for column in StagedRow.__table__.columns if column.name not in MARKS)
SCATTERED = """
UPDATE staged_row SET scattered = true WHERE job_id = $1 AND no_kk_index IN (
    SELECT no_kk_index FROM staged_row WHERE job_id = $1 GROUP BY no_kk_index
    HAVING max(row_no) - min(row_no) + 1 <> count(*) OR count(*) > $2)
"""
REPEATED = """
UPDATE staged_row SET repeated = true WHERE job_id = $1 AND row_no IN (
    SELECT row_no FROM (SELECT row_no, row_number() OVER (PARTITION BY nik_index ORDER BY row_no) AS place
        FROM staged_row WHERE job_id = $1 AND nik_index IS NOT NULL) AS met WHERE place > 1)
"""


async def stage(session: AsyncSession, job: Job) -> Step:
    """Stage what fits into a step, and say at which byte the next one begins."""
    sha256, vault = str(job.params["sha256"]), vault_of(session)
    known = await files.about(session, sha256)
    header = read_header(await files.read_chunk(session, vault, sha256, 0))
    offset, row_no = int(job.place.get("offset", header.begins_at)), int(job.place.get("row", 2))
    window, last = await window_at(session, sha256, offset, known.chunks)
    if "offset" not in job.place:
        await session.execute(sa.delete(StagedRow).where(StagedRow.job_id == job.job_id))
    batch = Batch(vault, await clock.today(session))
    place, row_no = batch.read(window, header, offset, row_no, last=last)
    await batch.copy(session, job)
    finished = last and place == offset + len(window)
    staged = {"staged": int(job.place.get("staged", 0)) + len(batch.rows)}
    return Step(
        errors=batch.errors,
        refused=batch.lost,
        place={"phase": "analyze"} | staged
        if finished
        else {"phase": "stage", "offset": place, "row": row_no} | staged,
        report=tally(job, batch, known.size, place),
        total=int(job.report.get("rows", 0)) + batch.count if finished else None,
    )


async def analyze(session: AsyncSession, job: Job) -> Step:
    """Let PostgreSQL count the staged rows, so that it plans for as many as there are."""
    # Counted while empty, the table is joined to itself row by row: 20,000 rows take over 30 s. A step of its own,
    # because ANALYZE locks out every other ANALYZE of the table until the commit.
    await session.execute(sa.text("ANALYZE staged_row"))
    return Step(place=job.place | {"phase": "mark"})


async def mark(session: AsyncSession, job: Job) -> Step:
    """Mark what only the whole file shows: families whose rows do not stand together, and NIK that come again."""
    # Fast path: two statements mark the rows of the whole file, a third counts them (bench: intake).
    connection = await raw(session)
    await connection.execute(SCATTERED, job.job_id, MOST_MEMBERS)
    await connection.execute(REPEATED, job.job_id)
    found = await connection.fetchval("SELECT count(*) FROM staged_row WHERE job_id = $1", job.job_id)
    staged = int(job.place["staged"])
    if found != staged:
        return await anew(session, job)
    return Step(place={"phase": "apply", "after": 0, "staged": staged})


async def is_lost(session: AsyncSession, job: Job) -> bool:
    """Whether PostgreSQL crashed and took what was staged: it takes all of it or nothing."""
    staged = sa.text("SELECT EXISTS (SELECT FROM staged_row WHERE job_id = :job_id)")
    return bool(job.place["staged"]) and not await session.scalar(staged, {"job_id": job.job_id})


async def anew(session: AsyncSession, job: Job) -> Step:
    """Begin the file again: what came in is found unchanged this time, and counted anew."""
    errors = schema.job_row_error
    await session.execute(sa.delete(errors).where(errors.c.job_id == job.job_id))
    nothing = {name: 0 for name, value in job.report.items() if type(value) is int}
    return Step(
        done=-job.done, refused=-job.refused, place={"phase": "stage"}, report=nothing | {"warnings": {}}
    )


async def window_at(session: AsyncSession, sha256: str, offset: int, chunks: int) -> tuple[bytes, bool]:
    """Return the bytes of a few chunks from `offset` on, and whether the file ends there."""
    first, start = divmod(offset, files.CHUNK_BYTES)
    wanted = range(first, min(first + CHUNKS_AT_ONCE, chunks))
    found = [await files.read_chunk(session, vault_of(session), sha256, number) for number in wanted]
    return b"".join(found)[start:], first + CHUNKS_AT_ONCE >= chunks


def tally(job: Job, batch: "Batch", size: int, place: int) -> dict[str, Any]:
    """Add a step to the report: rows read, how much of the file, and NIK that differ from the record."""
    warnings = Counter(job.report.get("warnings", {}))
    warnings.update(batch.warnings)
    return {
        "rows": int(job.report.get("rows", 0)) + batch.count,
        "bytes": place,
        "bytes_total": size,
        "warnings": dict(warnings),
        "bad_rows": int(job.report.get("bad_rows", 0)) + batch.bad,
        "dry_run": bool(job.params["dry_run"]),
    }


def refusal(row_no: int, column: str | None, code: str) -> RowError:
    """Return a row's refusal with its sentences; the value stays out of it."""
    return RowError(row_no, column, code, Words(*ROW_REFUSALS[code]))


class Batch:
    """The rows of one step, sealed column by column."""

    def __init__(self, vault: Vault, today: date) -> None:
        """Begin empty."""
        self.vault, self.today = vault, today
        self.rows: list[tuple[Record, Row]] = []
        self.errors: list[RowError] = []
        self.warnings: Counter[str] = Counter()
        self.count = self.bad = self.lost = 0

    def read(self, window: bytes, header: Header, offset: int, row_no: int, *, last: bool) -> tuple[int, int]:
        """Read rows until time is up or the window ends; return the byte and the row number that come next."""
        until, place = time.monotonic() + BUDGET_SECONDS, offset
        for record in records(window, header, offset, row_no, last=last):
            if record.fault != BLANK:
                self.take(record)
            place, row_no = record.ends_at, record.row_no + record.lines
            if time.monotonic() > until:
                return place, row_no
        return (offset + len(window) if last else place), row_no

    def take(self, record: Record) -> None:
        """Check one row; a row whose family cannot be known is refused alone."""
        row = read_row(record.fields, self.today) if record.fault is None else broken(record)
        self.count += 1
        self.warnings.update(row.warnings)
        self.bad += bool(row.faults)
        self.errors += [refusal(record.row_no, column or None, code) for column, code in row.faults]
        if row.no_kk is None:
            self.lost += 1
        else:
            self.rows.append((record, row))

    async def copy(self, session: AsyncSession, job: Job) -> None:
        """Write the rows by COPY, inside the step's transaction, which has begun."""
        if self.rows:
            # Fast path: one COPY writes the rows of a step (bench: intake).
            connection = await raw(session)
            await connection.copy_records_to_table(
                StagedRow.__tablename__, records=self.sealed(job), columns=COPIED, schema_name="public"
            )

    def sealed(self, job: Job) -> list[tuple[Any, ...]]:
        """Return what is stored: indexes, digests, sealed values and codes."""
        rows = [row for _, row in self.rows]
        no_kk = self.vault.index_many("no_kk", [row.no_kk for row in rows if row.no_kk])
        nik = [self.vault.index("nik", row.nik) if row.nik else None for row in rows]
        card, person = [index.hex() for index in no_kk], [index.hex() if index else None for index in nik]
        columns = (
            [job.job_id] * len(rows),
            [record.row_no for record, _ in self.rows],
            no_kk,
            nik,
            [not row.faults for row in rows],
            self.vault.index_many("intake", ["\x1f".join(record.fields) for record, _ in self.rows]),
            self.seal(
                "kpm_no_kk", "no_kk", card, [row.no_kk if row.data.get("pengurus") else None for row in rows]
            ),
            self.seal("kpm_anggota", "nik", person, [row.nik for row in rows]),
            self.seal("kpm_anggota", "name", person, [row.name for row in rows]),
            self.seal(
                "kpm", "address", card, [row.address if row.data.get("pengurus") else None for row in rows]
            ),
            self.seal(
                "kpm", "phone", card, [row.phone if row.data.get("pengurus") else None for row in rows]
            ),
            self.seal("usaha", "nib", person, [row.nib for row in rows]),
            [orjson.dumps(row.data).decode() for row in rows],
        )
        return list(zip(*columns, strict=True))

    def seal(
        self, table: str, column: str, places: Sequence[str | None], texts: Sequence[Any]
    ) -> list[bytes | None]:
        """Seal a column; blanks, and what has no place, stay empty."""
        wanted = [n for n, text in enumerate(texts) if text and places[n]]
        values = self.vault.seal_many([(places[n], texts[n]) for n in wanted], table=table, column=column)
        found: list[bytes | None] = [None] * len(texts)
        for n, value in zip(wanted, values, strict=True):
            found[n] = value
        return found


def broken(record: Record) -> Row:
    """Return a row that cannot be read; its family, where the first field still says it, is refused with it."""
    row = Row(faults=[("", record.fault or "UNREADABLE_ROW")])
    if record.fields:
        try:
            row.no_kk = NoKk(record.fields[0])
        except InvalidInput as error:
            row.faults.append(("no_kk", NUMBER_FAULTS[type(error).__name__]))
    return row


CLEAR = """
DELETE FROM staged_row WHERE ctid = ANY(ARRAY(SELECT ctid FROM staged_row WHERE job_id = $1
    OR job_id IN (SELECT job_id FROM platform.job WHERE state IN ('CANCELLED', 'FAILED', 'DONE')) LIMIT 50000))
"""


async def clear(session: AsyncSession, job: Job) -> Step:
    """Take away what was staged, and what a job that was ended left behind."""
    # Fast path: one DELETE takes up to 50,000 rows (bench: intake).
    connection = await raw(session)
    gone = await connection.execute(CLEAR, job.job_id)
    return Step(finished=gone == "DELETE 0", place=job.place)
