"""Staging of a sealed file: read a window, check, seal and COPY its rows."""

import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.family.rules import newborn_key
from services.caseload.intake.errors import ROW_REFUSALS
from services.caseload.intake.models import StagedRow
from services.caseload.intake.rules.csv_file import BLANK, Header, Record, read_header, records
from services.caseload.intake.rules.notes import ROW_CHANGES, ROW_WARNINGS
from services.caseload.intake.rules.row import Row, read_row
from services.caseload.intake.rules.values import Fault, card
from services.caseload.intake.rules.words import ALLOWED, FORMS
from shared import clock, files, schema
from shared.database import raw, vault_of
from shared.jobs import Job, RowError, Step
from shared.privacy import Vault
from shared.words import Words

MOST_MEMBERS = 40
BUDGET_SECONDS = 0.5
CHUNKS_AT_ONCE = 5
MARKS = ("scattered", "repeated")
COPIED = tuple(column.name for column in StagedRow.__table__.columns if column.name not in MARKS)
MARK_SCATTERED = """
UPDATE staged_row SET scattered = true WHERE job_id = $1 AND no_kk_index IN (
    SELECT no_kk_index FROM staged_row WHERE job_id = $1 GROUP BY no_kk_index
    HAVING max(row_no) - min(row_no) + 1 <> count(*) OR count(*) > $2)
"""
MARK_REPEATED = """
UPDATE staged_row SET repeated = true WHERE job_id = $1 AND row_no IN (
    SELECT row_no FROM (SELECT row_no, row_number() OVER (PARTITION BY nik_index ORDER BY row_no) AS place
        FROM staged_row WHERE job_id = $1 AND nik_index IS NOT NULL) AS numbered WHERE place > 1)
"""


async def stage(session: AsyncSession, job: Job) -> Step:
    """Stage the rows that fit into a step.

    Its place is the byte at which the next step starts.
    """
    sha256, vault = str(job.params["sha256"]), vault_of(session)
    file = await files.read_info(session, sha256)
    header = read_header(await files.read_chunk(session, vault, sha256, 0))
    offset, row_no = (
        int(job.place.get("offset", header.begins_at)),
        int(job.place.get("row", header.first_row)),
    )
    window, last = await read_window(session, sha256, offset, file.chunks)
    if "offset" not in job.place:
        await session.execute(sa.delete(StagedRow).where(StagedRow.job_id == job.job_id))
    batch = Batch(vault, await clock.moment_of(session))
    place, row_no = batch.read(window, header, offset, row_no, last=last)
    await batch.copy(session, job)
    finished = last and place == offset + len(window)
    staged = {"staged": int(job.place.get("staged", 0)) + len(batch.rows)}
    return Step(
        errors=batch.errors,
        notes=batch.notes,
        refused=batch.lost,
        place={"phase": "analyze"} | staged
        if finished
        else {"phase": "stage", "offset": place, "row": row_no} | staged,
        report=build_report(job, batch, file.size, place),
        total=int(job.report.get("rows", 0)) + batch.count if finished else None,
    )


async def analyze(session: AsyncSession, job: Job) -> Step:
    """Update PostgreSQL's statistics of the staged rows for its query plans."""
    # With statistics of an empty table, PostgreSQL plans a nested loop: 20,000 rows take over 30 s. It is a separate
    # step, because ANALYZE blocks every other ANALYZE of the table until the commit.
    await session.execute(sa.text("ANALYZE staged_row"))
    return Step(place=job.place | {"phase": "mark"})


async def mark(session: AsyncSession, job: Job) -> Step:
    """Mark rows of families that are not adjacent, and repeated NIK."""
    # Fast path: two statements mark the rows of the whole file, a third counts them (bench: intake).
    connection = await raw(session)
    await connection.execute(MARK_SCATTERED, job.job_id, MOST_MEMBERS)
    await connection.execute(MARK_REPEATED, job.job_id)
    count = await connection.fetchval("SELECT count(*) FROM staged_row WHERE job_id = $1", job.job_id)
    staged = int(job.place["staged"])
    if count != staged:
        return await restart_staging(session, job)
    return Step(place={"phase": "apply", "after": 0, "staged": staged})


async def is_lost(session: AsyncSession, job: Job) -> bool:
    """Return whether a crash of PostgreSQL has emptied the staged rows.

    It deletes all or none.
    """
    staged = sa.text("SELECT EXISTS (SELECT FROM staged_row WHERE job_id = :job_id)")
    return bool(job.place["staged"]) and not await session.scalar(staged, {"job_id": job.job_id})


async def restart_staging(session: AsyncSession, job: Job) -> Step:
    """Restart the file. Families that were written already count as unchanged this time."""
    errors = schema.job_row_error
    await session.execute(sa.delete(errors).where(errors.c.job_id == job.job_id))
    report = {name: 0 for name, value in job.report.items() if type(value) is int}
    return Step(
        done=-job.done,
        refused=-job.refused,
        place={"phase": "stage"},
        report=report | {"warnings": {}, "changes": {}, "cleared": {}},
    )


async def read_window(session: AsyncSession, sha256: str, offset: int, chunks: int) -> tuple[bytes, bool]:
    """Return the next chunks from `offset` on, and whether the file ends with them."""
    first, start = divmod(offset, files.CHUNK_BYTES)
    numbers = range(first, min(first + CHUNKS_AT_ONCE, chunks))
    parts = [await files.read_chunk(session, vault_of(session), sha256, number) for number in numbers]
    return b"".join(parts)[start:], first + CHUNKS_AT_ONCE >= chunks


def build_report(job: Job, batch: "Batch", size: int, place: int) -> dict[str, Any]:
    """Return the job's report with the counts of this step added."""
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


def refusal(row_no: int, column: str | None, code: str, **values: Any) -> RowError:
    """Return a row's refusal with its sentences, without the value."""
    values = {"allowed": ALLOWED.get(column or "", ""), "form": FORMS.get(column or "", "")} | values
    en, indonesian = (sentence.format(**values) for sentence in ROW_REFUSALS[code])
    return RowError(row_no, column, code, Words(en, indonesian))


def warning(row_no: int, column: str | None, code: str) -> RowError:
    """Return a warning on a row that is taken."""
    return RowError(row_no, column, code, Words(*ROW_WARNINGS[code]), kind="WARNING")


def change(row_no: int, column: str | None, code: str, **ids: Any) -> RowError:
    """Return a change of a recorded family, with ids and without values."""
    params = {name: str(value) for name, value in ids.items()}
    return RowError(row_no, column, code, Words(*ROW_CHANGES[code]), params, kind="CHANGE")


class Batch:
    """The rows of one step. Each value is sealed on its own."""

    def __init__(self, vault: Vault, moment: clock.Moment) -> None:
        """Start empty."""
        self.vault, self.moment = vault, moment
        self.rows: list[tuple[Record, Row]] = []
        self.errors: list[RowError] = []
        self.notes: list[RowError] = []
        self.warnings: Counter[str] = Counter()
        self.count = self.bad = self.lost = 0

    def read(self, window: bytes, header: Header, offset: int, row_no: int, *, last: bool) -> tuple[int, int]:
        """Read rows until the time budget or the window ends.

        Return the next byte and row number.
        """
        until, place = time.monotonic() + BUDGET_SECONDS, offset
        for record in records(window, header, offset, row_no, last=last):
            if record.fault != BLANK:
                self.take(record)
            place, row_no = record.ends_at, record.row_no + record.lines
            if time.monotonic() > until:
                return place, row_no
        return (offset + len(window) if last else place), row_no

    def take(self, record: Record) -> None:
        """Check one row. A row without a readable No. KK is refused without its family."""
        row = (
            unreadable_row(record)
            if record.fault
            else read_row(record.fields, self.moment.on, self.moment.latest_on)
        )
        self.count += 1
        self.warnings.update(code for _, code in row.warnings)
        self.notes += [warning(record.row_no, column, code) for column, code in row.warnings]
        self.bad += bool(row.faults)
        self.errors += [refusal(record.row_no, column or None, code) for column, code in row.faults]
        if row.no_kk is None:
            self.lost += 1
        else:
            self.rows.append((record, row))

    async def copy(self, session: AsyncSession, job: Job) -> None:
        """Write the rows by COPY in the step's transaction."""
        if self.rows:
            # Fast path: one COPY writes the rows of a step (bench: intake).
            connection = await raw(session)
            await connection.copy_records_to_table(
                StagedRow.__tablename__, records=self.sealed(job), columns=COPIED, schema_name="public"
            )

    def sealed(self, job: Job) -> list[tuple[Any, ...]]:
        """Return the rows to store: indexes, digests, sealed values and codes."""
        rows = [row for _, row in self.rows]
        no_kk = self.vault.index_many("no_kk", [row.no_kk for row in rows if row.no_kk])
        card = [index.hex() for index in no_kk]
        nik = [self.person_index(row, place) for row, place in zip(rows, card, strict=True)]
        person = [index.hex() if index else None for index in nik]
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
            self.seal("kpm", "address", card, [row.address if row.leads else None for row in rows]),
            self.seal("kpm", "phone", card, [row.phone if row.leads else None for row in rows]),
            self.seal("usaha", "nib", person, [row.nib for row in rows]),
            [orjson.dumps(row.data).decode() for row in rows],
        )
        return list(zip(*columns, strict=True))

    def person_index(self, row: Row, card: str) -> bytes | None:
        """Return the index of the NIK, or of a child without one."""
        if row.nik:
            return self.vault.index("nik", row.nik)
        if row.faults:
            return None
        return self.vault.index("newborn", newborn_key(card, row.name, row.data["birth"]))

    def seal(
        self, table: str, column: str, row_ids: Sequence[str | None], texts: Sequence[Any]
    ) -> list[bytes | None]:
        """Seal a column. Blank values and values without a row id become None."""
        indexes = [n for n, text in enumerate(texts) if text and row_ids[n]]
        values = self.vault.seal_many([(row_ids[n], texts[n]) for n in indexes], table=table, column=column)
        sealed: list[bytes | None] = [None] * len(texts)
        for n, value in zip(indexes, values, strict=True):
            sealed[n] = value
        return sealed


def unreadable_row(record: Record) -> Row:
    """Return a row that cannot be read, with its No. KK if that is readable."""
    row = Row(faults=[("", record.fault or "UNREADABLE_ROW")])
    if record.fields:
        try:
            row.no_kk = card(record.fields[0])
        except Fault as fault:
            row.faults.append(("no_kk", str(fault)))
    return row


DELETE_STAGED = """
DELETE FROM staged_row WHERE ctid = ANY(ARRAY(SELECT ctid FROM staged_row WHERE job_id = $1
    OR job_id IN (SELECT job_id FROM platform.job WHERE state IN ('CANCELLED', 'FAILED', 'DONE')) LIMIT 50000))
"""


async def clear(session: AsyncSession, job: Job) -> Step:
    """Delete the staged rows of this job and of ended jobs."""
    # Fast path: one DELETE removes up to 50,000 rows (bench: intake).
    connection = await raw(session)
    result = await connection.execute(DELETE_STAGED, job.job_id)
    return Step(finished=result == "DELETE 0", place=job.place)
