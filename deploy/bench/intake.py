"""Families taken in from a file by the real job, beside a raw COPY of the same sealed rows into the same tables."""

from __future__ import annotations

import asyncio
import time

import asyncpg

from deploy.bench.delivery import until
from deploy.bench.families import FAMILIES_EACH, MEMBERS, Placed, csv_file
from deploy.bench.figure import Aim, Figure
from deploy.bench.memory import Watch, resident
from deploy.bench.stage import Stage

COPIED = ("kpm", "kpm_no_kk", "kpm_anggota", "komponen", "desil", "kepesertaan", "usaha", "dampingan")
MEGABYTE = 1024 * 1024


class Intake:
    """caseload with its API, relay, consumer and jobs, and pendamping whom registry has told it of."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.families = 0
        self.placed: list[Placed] = []
        self.token = stage.issuer.token("KEMENSOS", "kemensos-1", ["*"])

    async def begin(self, families: int) -> Intake:
        stage = self.stage
        self.api = await stage.api("caseload")
        for service, *parts in (
            ("caseload", "relay"),
            ("caseload", "consumer", "pendamping"),  # what other figures have told of others is not read here
            ("caseload", "jobs"),
            ("registry", "relay"),
        ):
            await stage.worker(service, *parts)
        self.families = (await stage.ask("caseload", "SELECT count(*) FROM kpm"))[0][0]
        self.placed = [Placed.new() for _ in range(families // FAMILIES_EACH + 1)]
        await stage.tell("registry", [fact for placed in self.placed for fact in placed.facts()])
        await until(stage, self.are_known)
        return self

    async def are_known(self) -> bool:
        numbers = [placed.number for placed in self.placed]
        found = await self.stage.ask(
            "caseload",
            "SELECT count(*) FROM replica_pendamping.pendamping p JOIN replica_pendamping.wilayah_tugas USING"
            " (pendamping_id) WHERE pendamping_no = ANY($1)",
            numbers,
        )
        return found[0][0] == len(numbers)

    async def take_in(self, rows: int) -> float:
        """Upload a file and let the job end; return rows a second, upload and all."""
        content = csv_file(rows, self.families, self.placed)
        self.families += rows // MEMBERS
        began = time.perf_counter()
        sha256 = await self.api.put_file(content, self.token)
        asked = await self.api.post("/v1/intake", {"sha256": sha256, "dry_run": False}, self.token)
        while True:
            await asyncio.sleep(0.05)
            job = (
                await self.stage.ask(
                    "caseload", "SELECT * FROM platform.job WHERE job_id = $1", asked["job_id"]
                )
            )[0]
            if (state := job["state"]) not in {"QUEUED", "RUNNING"}:
                break
            self.stage.refuse_ended("caseload-jobs")
        seconds = time.perf_counter() - began
        if state != "DONE" or job["done"] != rows:
            message = f"the intake ended {state} with {job['done']} of {rows} rows: {job['report']}"
            raise RuntimeError(message)
        return rows / seconds


async def copied(stage: Stage, rows: int) -> float:
    """COPY what the newest `rows` of a file became, into twins with the same indexes and checks; rows of the file a second."""
    connection = await asyncpg.connect(stage.superuser("caseload"))
    newest = f"(SELECT kpm_id FROM kpm ORDER BY kpm_id DESC LIMIT {rows // MEMBERS})"  # noqa: S608  # a number of ours
    await connection.execute("CREATE SCHEMA IF NOT EXISTS bench")
    seconds = 0.0
    for table in COPIED:
        await connection.execute(f"CREATE TABLE bench.{table} (LIKE public.{table} INCLUDING ALL)")
        parts: list[bytes] = []
        await connection.copy_from_query(
            f"SELECT * FROM {table} WHERE kpm_id IN {newest}",  # noqa: S608  # our own tables
            output=collector(parts),
            format="binary",
        )
        seconds += await copy_one(connection, table, parts)
        await connection.execute(f"DROP TABLE bench.{table}")
    await connection.close()
    return rows / seconds


def collector(parts: list[bytes]):  # noqa: ANN201  # a coroutine function, as the driver wants it
    async def collect(part: bytes) -> None:
        parts.append(part)

    return collect


async def copy_one(connection: asyncpg.Connection, table: str, parts: list[bytes]) -> float:
    async def source():  # noqa: ANN202  # an asynchronous generator of bytes
        for part in parts:
            yield part

    began = time.perf_counter()
    await connection.copy_to_table(table, schema_name="bench", source=source(), format="binary")
    return time.perf_counter() - began


async def intake(stage: Stage, *, quick: bool) -> list[Figure]:
    """Two files; the larger one is also watched for what it adds to the memory of the process that runs the job."""
    sizes = [2_000, 4_000] if quick else [10_000, 100_000]
    ready = await Intake(stage).begin(sum(sizes) // MEMBERS)
    jobs = stage.children["caseload-jobs"].pid
    at_rest = resident(jobs)
    rates, floors, watch = [], [], Watch(jobs)
    for rows in sizes:
        async with watch:
            rates.append(await ready.take_in(rows))
        floors.append(await copied(stage, rows))
    return [
        Figure.paired("family intake", "rows/s", rates, floors, Aim("ratio", 0.15)),
        Figure(
            f"memory that an intake of {sizes[-1]:,} rows adds",
            (watch.peak - at_rest) / MEGABYTE,
            "MB",
            aim=Aim("value", 100, at_least=False),
        ),
    ]
