"""Rate of a family intake, with a COPY of the same rows as its floor."""

from __future__ import annotations

import asyncio
import time

import asyncpg

from deploy.bench.delivery import wait_until
from deploy.bench.families import FAMILIES_EACH, MEMBERS, PlacedPendamping, make_intake_file
from deploy.bench.figure import Aim, Figure
from deploy.bench.memory import Watch, resident
from deploy.bench.testbed import Testbed

COPIED = (
    *(
        "kpm",
        "kpm_no_kk",
        "kpm_anggota",
        "komponen",
        "desil",
        "kepesertaan",
        "usaha",
        "dampingan",
        "kpm_history",
    ),
    *("platform.stream", "platform.outbox", "platform.unsent"),
)
# The newest families, whose events are the newest ones too.
NEWEST = "SELECT kpm_id FROM kpm ORDER BY kpm_id DESC LIMIT $1"
ROWS_OF = {
    "platform.stream": "key IN (SELECT kpm_id::text FROM newest)",
    "platform.outbox": "key IN (SELECT kpm_id::text FROM newest)",
    "platform.unsent": "false",
}
COLUMNS = """
SELECT attname AS name, format_type(atttypid, NULL) AS type FROM pg_attribute
WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum
"""
MEGABYTE = 1024 * 1024


class Intake:
    """The processes of caseload that an intake needs, and pendamping whom it has replicated."""

    def __init__(self, testbed: Testbed) -> None:
        self.testbed = testbed
        self.families = 0
        self.pendamping: list[PlacedPendamping] = []
        self.token = testbed.issuer.token("KEMENSOS", "kemensos-1", ["*"])

    async def start(self, families: int) -> Intake:
        testbed = self.testbed
        self.api = await testbed.api("caseload")
        for service, *parts in (
            ("caseload", "relay"),
            # No other subscription: reading the events of other figures would cost time.
            ("caseload", "consumer", "pendamping"),
            ("caseload", "jobs"),
            ("registry", "relay"),
        ):
            await testbed.worker(service, *parts)
        self.families = (await testbed.fetch("caseload", "SELECT count(*) FROM kpm"))[0][0]
        self.pendamping = [PlacedPendamping.new() for _ in range(families // FAMILIES_EACH + 1)]
        await testbed.emit_events(
            "registry", [event for pendamping in self.pendamping for event in pendamping.events()]
        )
        await wait_until(testbed, self.are_replicated)
        return self

    async def are_replicated(self) -> bool:
        numbers = [pendamping.number for pendamping in self.pendamping]
        rows = await self.testbed.fetch(
            "caseload",
            "SELECT count(*) FROM replica_pendamping.pendamping p JOIN replica_pendamping.wilayah_tugas USING"
            " (pendamping_id) WHERE pendamping_no = ANY($1)",
            numbers,
        )
        return rows[0][0] == len(numbers)

    async def run(self, rows: int) -> float:
        """Upload a file and wait for its job. Return rows per second, the upload included."""
        content = make_intake_file(rows, self.families, self.pendamping)
        self.families += rows // MEMBERS
        began = time.perf_counter()
        sha256 = await self.api.put_file(content, self.token)
        created = await self.api.post("/v1/intake", {"sha256": sha256, "dry_run": False}, self.token)
        while True:
            await asyncio.sleep(0.01)
            job = (
                await self.testbed.fetch(
                    "caseload", "SELECT * FROM platform.job WHERE job_id = $1", created["job_id"]
                )
            )[0]
            if (state := job["state"]) not in {"QUEUED", "RUNNING"}:
                break
            self.testbed.check_running("caseload-jobs")
        seconds = time.perf_counter() - began
        if state != "DONE" or job["done"] != rows:
            message = f"the intake ended {state} with {job['done']} of {rows} rows: {job['report']}"
            raise RuntimeError(message)
        return rows / seconds


async def run_copy(testbed: Testbed, rows: int) -> float:
    """Return the rate of a COPY of the newest families under other ids.

    It is in rows of the file per second, and rolled back. The tables are the real ones, with their constraints and present size.
    """
    connection = await asyncpg.connect(testbed.superuser("caseload"))
    await connection.execute("CREATE TEMPORARY TABLE newest (kpm_id uuid PRIMARY KEY)")
    await connection.execute(f"INSERT INTO newest {NEWEST}", rows // MEMBERS)
    seconds, transaction = 0.0, connection.transaction()
    await transaction.start()
    for table in COPIED:
        schema, name = table.split(".") if "." in table else ("public", table)
        columns = [
            (row["name"], renamed(row["name"], row["type"])) for row in await connection.fetch(COLUMNS, table)
        ]
        where = ROWS_OF.get(table, "kpm_id IN (SELECT kpm_id FROM newest)")
        values = ", ".join(value for _, value in columns)
        parts: list[bytes] = []
        await connection.copy_from_query(
            f"SELECT {values} FROM {table} WHERE {where}",  # noqa: S608  # constants and catalogue names
            output=collector(parts),
            format="binary",
        )
        began = time.perf_counter()
        await connection.copy_to_table(
            name,
            schema_name=schema,
            columns=[name for name, _ in columns],
            source=stream(parts),
            format="binary",
        )
        seconds += time.perf_counter() - began
    await transaction.rollback()
    await connection.close()
    return rows / seconds


def renamed(column: str, type_: str) -> str:
    """Return the expression of a column under which its row is another one."""
    if column in {"pendamping_id", "penugasan_id"}:
        return column
    if type_ == "uuid":
        return f"overlay({column}::text PLACING '1' FROM 1 FOR 1)::uuid"
    if column == "key":
        return "overlay(key PLACING '1' FROM 1 FOR 1)"
    if column == "outbox_id":
        return "outbox_id + 1000000000"
    return (
        f"substr({column}, 2) || substr({column}, 1, 1)" if column in {"no_kk_index", "nik_index"} else column
    )


def collector(parts: list[bytes]):  # noqa: ANN201  # asyncpg expects a coroutine function
    async def collect(part: bytes) -> None:
        parts.append(part)

    return collect


async def stream(parts: list[bytes]):  # noqa: ANN201  # an asynchronous generator of bytes
    for part in parts:
        yield part


async def intake(testbed: Testbed, *, quick: bool) -> list[Figure]:
    """Measure two files. The larger one also shows how much memory the job's process adds."""
    sizes = [2_000, 4_000] if quick else [10_000, 100_000]
    setup = await Intake(testbed).start(sum(sizes) // MEMBERS)
    jobs = testbed.children["caseload-jobs"].pid
    idle = resident(jobs)
    rates, floors, watch = [], [], Watch(jobs)
    for rows in sizes:
        async with watch:
            rates.append(await setup.run(rows))
        floors.append(await run_copy(testbed, rows))
    return [
        Figure.paired("family intake", "rows/s", rates, floors, Aim("ratio", 0.5)),
        Figure(
            f"memory that an intake of {sizes[-1]:,} rows adds",
            (watch.peak - idle) / MEGABYTE,
            "MB",
            aim=Aim("value", 200, at_least=False),  # with an idle worker less than 300 MB
        ),
    ]
