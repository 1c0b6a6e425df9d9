"""The families of the next part of a file."""

import asyncio
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.intake.commands.batch import SEALED_ROW, Batch
from services.caseload.intake.commands.recorded_data import Staged
from services.caseload.intake.commands.staging import read_content, read_file_header
from services.caseload.intake.rules.csv_file import BLANK, Header, Record, records
from services.caseload.intake.rules.row import Row
from shared import clock
from shared.database import raw, vault_of
from shared.jobs import Job
from shared.privacy import Vault

STAGED_ROWS = f"""
SELECT {", ".join(SEALED_ROW[:-1])}, data::text, repeated
FROM staged_row WHERE job_id = $1 AND no_kk_index = ANY(
    SELECT no_kk_index FROM staged_row WHERE job_id = $1 AND row_no BETWEEN $2 AND $3) ORDER BY row_no
"""  # noqa: S608  # names of columns
STAGED_ROW_NUMBERS = "SELECT row_no FROM staged_row WHERE job_id = $1 AND row_no BETWEEN $2 AND $3"


class Place(NamedTuple):
    """Where a part of a file starts: its byte and its row."""

    offset: int
    row_no: int


@dataclass(slots=True)
class Part:
    """Bytes of a file from a place on, and the numbers of its staged rows."""

    job_id: UUID
    place: Place
    moment: clock.Moment
    header: Header
    content: bytes
    last: bool
    staged: frozenset[int]


@dataclass(slots=True)
class Window:
    """The rows of a part, read and sealed, without those that are staged.

    `next` is where the next part starts, None at the end of the file.
    """

    first_row: int
    last_row: int
    batch: Batch
    families: dict[bytes, Staged]
    next: Place | None


def read_part(vault: Vault, part: Part, limit: int) -> Window:
    """Read about `limit` rows, of complete families only."""
    batch, taken = Batch(vault, part.moment), list[tuple[Record, Row | None]]()
    place = group_place = part.place
    group, card = 0, None
    for record in records(part.content, part.header, place.offset, place.row_no, last=part.last):
        row = None if record.fault == BLANK or record.row_no in part.staged else batch.read(record)
        number = row.no_kk.reveal() if row and row.no_kk else None
        if number is None or number != card:
            group, group_place, card = len(taken), place, number
            if len(taken) >= limit:
                break
        taken.append((record, row))
        place = Place(record.ends_at, record.row_no + record.lines)
    else:
        if part.last:
            group, group_place = len(taken), None
    for record, row in taken[:group]:
        if row is not None:
            batch.add(record, row)
    if group_place == part.place:
        msg = f"no complete family fits into the part at byte {part.place.offset}"
        raise RuntimeError(msg)
    last_row = taken[group - 1][0].row_no if group else part.place.row_no - 1
    families: dict[bytes, Staged] = {}
    add_rows(families, (dict(zip(SEALED_ROW, values, strict=True)) for values in batch.sealed()))
    # The sealed rows are enough. What was read in clear is not kept.
    batch.rows.clear()
    return Window(part.place.row_no, last_row, batch, families, group_place)


class ReadAhead:
    """Reader of the next part of a file, in a thread.

    PostgreSQL writes the families before it meanwhile.
    """

    def __init__(self) -> None:
        """Start without a part."""
        self.key: tuple[Any, ...] = ()
        self.reading: Future[Window] | None = None
        self.thread = ThreadPoolExecutor(1, "intake")

    def start(self, vault: Vault, part: Part, limit: int) -> None:
        """Start to read a part."""
        self.key = key_of(part.job_id, part.place, part.moment)
        self.reading = self.thread.submit(read_part, vault, part, limit)

    def take(self, key: tuple[Any, ...]) -> "Future[Window] | None":
        """Return what was read ahead, None if it is another part."""
        reading = self.reading if key == self.key else None
        self.key, self.reading = (), None
        return reading


def key_of(job_id: UUID, place: Place, moment: clock.Moment) -> tuple[Any, ...]:
    """Return what identifies a part: the rows are checked against the day."""
    return job_id, place, moment.on, moment.latest_on


READ_AHEAD = ReadAhead()


async def next_window(session: AsyncSession, job: Job, limit: int) -> Window:
    """Return the next rows of the file."""
    place, vault = Place(int(job.place["offset"]), int(job.place["row"])), vault_of(session)
    moment = await clock.moment_of(session)
    reading = READ_AHEAD.take(key_of(job.job_id, place, moment))
    if reading is None:
        part = await load_part(session, job, place, moment)
        reading = READ_AHEAD.thread.submit(read_part, vault, part, limit)
    return await asyncio.wrap_future(reading)


async def read_ahead(session: AsyncSession, job: Job, window: Window, limit: int) -> None:
    """Start to read the part after a window."""
    # Fast path: the next rows are read and sealed while PostgreSQL writes these (bench: intake).
    if window.next is not None:
        part = await load_part(session, job, window.next, await clock.moment_of(session))
        READ_AHEAD.start(vault_of(session), part, limit)


async def load_part(session: AsyncSession, job: Job, place: Place, moment: clock.Moment) -> Part:
    """Read the bytes of a part and the numbers of its staged rows."""
    sha256 = str(job.params["sha256"])
    header = await read_file_header(session, sha256)
    content, last = await read_content(session, sha256, place.offset)
    staged = frozenset[int]()
    if job.place["staged"]:
        most_rows = content.count(header.newline) + 1
        # Fast path: one statement for the rows of a step (bench: intake).
        numbers = (job.job_id, place.row_no, place.row_no + most_rows)
        staged = frozenset(
            row["row_no"] for row in await (await raw(session)).fetch(STAGED_ROW_NUMBERS, *numbers)
        )
    return Part(job.job_id, place, moment, header, content, last, staged)


async def read_families(session: AsyncSession, job: Job, window: Window) -> list[Staged]:
    """Return the families of a window, in the order of their first rows."""
    families = window.families
    if job.place["staged"]:
        # Fast path: one statement for the rows of a step (bench: intake).
        connection, numbers = await raw(session), (window.first_row, window.last_row)
        staged = await connection.fetch(STAGED_ROWS, job.job_id, *numbers)
        former = {row["no_kk_index"] for row in staged if row["row_no"] < window.first_row}
        rows = (
            {**row, "data": orjson.loads(row["data"])} for row in staged if row["no_kk_index"] not in former
        )
        add_rows(families, rows)
    return sorted(families.values(), key=lambda family: family.rows[0]["row_no"])


def add_rows(families: dict[bytes, Staged], rows: Iterable[dict[str, Any]]) -> None:
    """Add rows to the families of their cards, and mark persons who are there twice."""
    for row in rows:
        card = row["no_kk_index"]
        family = families.get(card) or families.setdefault(card, Staged(card))
        row.setdefault("repeated", row["nik_index"] is not None and row["nik_index"] in family.people)
        family.people.add(row["nik_index"])
        family.rows.append(row)
        family.data.append(row["data"])
