"""Rate of family intake from a file, with a bare COPY as its floor."""

from __future__ import annotations

import asyncio
import time

import asyncpg

from deploy.bench.delivery import wait_until
from deploy.bench.families import FAMILIES_EACH, MEMBERS, PlacedPendamping, make_intake_file
from deploy.bench.figure import Aim, Figure
from deploy.bench.memory import Watch, resident
from deploy.bench.testbed import Testbed

COPIED = ("kpm", "kpm_no_kk", "kpm_anggota", "komponen", "desil", "kepesertaan", "usaha", "dampingan")
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
            await asyncio.sleep(0.05)
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


async def run_bare_copy(testbed: Testbed, rows: int) -> float:
    """COPY the newest families into bare tables and return file rows per second.

    The tables have the same indexes and checks.
    """
    connection = await asyncpg.connect(testbed.superuser("caseload"))
    newest = f"(SELECT kpm_id FROM kpm ORDER BY kpm_id DESC LIMIT {rows // MEMBERS})"  # noqa: S608  # an integer
    await connection.execute("CREATE SCHEMA IF NOT EXISTS bench")
    seconds = 0.0
    for table in COPIED:
        await connection.execute(f"CREATE TABLE bench.{table} (LIKE public.{table} INCLUDING ALL)")
        parts: list[bytes] = []
        await connection.copy_from_query(
            f"SELECT * FROM {table} WHERE kpm_id IN {newest}",  # noqa: S608  # a constant
            output=collector(parts),
            format="binary",
        )
        seconds += await copy_table(connection, table, parts)
        await connection.execute(f"DROP TABLE bench.{table}")
    await connection.close()
    return rows / seconds


def collector(parts: list[bytes]):  # noqa: ANN201  # asyncpg expects a coroutine function
    async def collect(part: bytes) -> None:
        parts.append(part)

    return collect


async def copy_table(connection: asyncpg.Connection, table: str, parts: list[bytes]) -> float:
    async def source():  # noqa: ANN202  # an asynchronous generator of bytes
        for part in parts:
            yield part

    began = time.perf_counter()
    await connection.copy_to_table(table, schema_name="bench", source=source(), format="binary")
    return time.perf_counter() - began


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
        floors.append(await run_bare_copy(testbed, rows))
    return [
        Figure.paired("family intake", "rows/s", rates, floors, Aim("ratio", 0.15)),
        Figure(
            f"memory that an intake of {sizes[-1]:,} rows adds",
            (watch.peak - idle) / MEGABYTE,
            "MB",
            aim=Aim("value", 100, at_least=False),
        ),
    ]
