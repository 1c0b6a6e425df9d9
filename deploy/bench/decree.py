"""Rate of one SK over thousands of approved cases, with and without a killed worker."""

from __future__ import annotations

import asyncio
import signal
import time
from datetime import date
from uuid import UUID

import asyncpg

from deploy.bench.figure import Aim, Figure
from deploy.bench.http_client import HttpClient
from deploy.bench.testbed import TODAY, Testbed
from shared.database import uuid7

# Approved cases as the API would write them: the case, its proposal, the acts of four people, and the family.
APPROVED = """
WITH made AS (
  INSERT INTO graduasi (graduasi_id, kpm_id, kepesertaan_id, bansos, exit_reason, kode_wilayah, policy_id, policy_version,
    usul_id, state, since_on, opened_in, opened_by, opened_at, version)
  SELECT uuidv7(), uuidv7(), uuidv7(), 'PKH', 'SEJAHTERA_MANDIRI', '33.24.15.1001', policy_id, version, uuidv7(),
    'DISETUJUI_DINSOS', $2::date, '33.24.15.1001', 'bench', now(), 6
  FROM policy, generate_series(1, $1) WHERE exit_reason = 'SEJAHTERA_MANDIRI' AND version = 1
  RETURNING graduasi_id, kpm_id, kode_wilayah, policy_id, usul_id),
known AS (
  INSERT INTO replica_kpm.kpm (kpm_id, kode_wilayah, members, able_productive, lansia, disabilitas, komponen, desil,
    p2k2_invited, p2k2_attended, member_ids, minor_ids, former_members)
  SELECT kpm_id, kode_wilayah, 4, 2, 0, 0, '{}', '[]', 0, 0, '{}', '{}', '{}' FROM made),
proposed AS (
  INSERT INTO usul (usul_id, graduasi_id, policy_id, kode_wilayah, pendamping_id, penugasan_id, proposer_pendamping_id,
    proposer_penugasan_id, proposed_by, proposed_on, facts, at)
  SELECT usul_id, graduasi_id, policy_id, kode_wilayah, $3, $3, $3, $3, 'bench', $2::date, '{}', now() FROM made),
acted AS (
  INSERT INTO stage_act (graduasi_id, kode_wilayah, stage, person, sub, role, four_people, at)
  SELECT graduasi_id, kode_wilayah, stage, 'bench-' || stage, 'bench-' || stage, 'BENCH', true, $2::date
  FROM made, unnest(ARRAY['USUL', 'VERIFIKASI', 'MUSYAWARAH', 'PERSETUJUAN']) AS stage)
SELECT graduasi_id FROM made
"""
OF_THE_SK = "graduasi_id IN (SELECT graduasi_id FROM penetapan WHERE sk_id = $1)"
WRITTEN = {
    "penetapan": "sk_id = $1",
    "stage_act": f"stage = 'PENETAPAN' AND {OF_THE_SK}",
    "graduasi_history": f"to_state IN ('DITETAPKAN', 'MASA_SANGGAH') AND {OF_THE_SK}",
    "credit": OF_THE_SK,
    "platform.scheduled_task": "subject_id IN (SELECT graduasi_id::text FROM penetapan WHERE sk_id = $1)",
    "platform.outbox": "wire IN ('graduation.graduasi_determined.v1', 'graduation.credit_granted.v1')",
}


class Ministry:
    """The official who issues an SK, and the process of the job that determines cases."""

    def __init__(self, testbed: Testbed, api: HttpClient) -> None:
        self.testbed, self.api = testbed, api
        self.token = testbed.issuer.token("KEMENSOS", "kemensos-1", ["*"])

    async def create_approved(self, count: int) -> list[str]:
        """Insert approved cases by SQL, without the rules, and return their ids."""
        day = date.fromisoformat(TODAY)
        rows = await self.testbed.fetch("graduation", APPROVED, count, day, uuid7())
        return [str(row["graduasi_id"]) for row in rows]

    async def determine(self, cases: list[str], *, killed: bool) -> tuple[UUID, float]:
        """Upload the cases and wait for the job. Return the SK and cases per second.

        With `killed`, the rate includes the death and the restart of the process.
        """
        sha256 = await self.api.put_file("\n".join(cases).encode(), self.token)
        body = {"sk_no": f"SK/{uuid7()}"[:39], "sk_on": TODAY, "sha256": sha256}
        began = time.perf_counter()
        sk = await self.api.post("/v1/sk/bulk", body, self.token)
        while True:
            await asyncio.sleep(0.02)
            job = (
                await self.testbed.fetch(
                    "graduation", "SELECT * FROM platform.job WHERE job_id = $1", sk["job_id"]
                )
            )[0]
            if job["state"] not in {"QUEUED", "RUNNING"}:
                break
            if killed and job["done"] >= len(cases) // 2:
                killed = False
                await self.kill()
        seconds = time.perf_counter() - began
        if job["state"] != "DONE" or job["done"] != len(cases):
            message = f"the SK ended {job['state']} with {job['done']} of {len(cases)} cases: {job['error']}"
            raise RuntimeError(message)
        return UUID(sk["sk_id"]), len(cases) / seconds

    async def kill(self) -> None:
        """Kill the process that runs the job and start another.

        The lease is ended here, so that the new process does not wait half a minute for it.
        """
        child = self.testbed.children.pop("graduation-jobs")
        child.stop(signal.SIGKILL)
        await self.testbed.fetch(
            "graduation", "UPDATE platform.job SET lease_until = now() WHERE state = 'RUNNING'"
        )
        await self.testbed.worker("graduation", "jobs")


async def bare_rows(testbed: Testbed, sk_id: UUID, count: int) -> float:
    """Copy the rows of an SK into bare tables and return cases per second.

    The tables have the same indexes and checks.
    """
    connection = await asyncpg.connect(testbed.superuser("graduation"))
    await connection.execute("DROP SCHEMA IF EXISTS bench CASCADE; CREATE SCHEMA bench")
    seconds = 0.0
    for table, which in WRITTEN.items():
        twin = f"bench.{table.rpartition('.')[2]}"
        await connection.execute(f"CREATE TABLE {twin} (LIKE {table} INCLUDING ALL)")
        values = [sk_id] if "$1" in which else []
        statement = f"INSERT INTO {twin} OVERRIDING SYSTEM VALUE SELECT * FROM {table} WHERE {which}"  # noqa: S608
        if not values:
            statement += f" ORDER BY outbox_id DESC LIMIT {2 * count}"
        began = time.perf_counter()
        await connection.execute(statement, *values)
        seconds += time.perf_counter() - began
    await connection.execute("CREATE TABLE bench.graduasi (LIKE graduasi INCLUDING ALL)")
    await connection.execute(f"INSERT INTO bench.graduasi SELECT * FROM graduasi WHERE {OF_THE_SK}", sk_id)  # noqa: S608
    began = time.perf_counter()
    await connection.execute("UPDATE bench.graduasi SET state = 'DISETUJUI_DINSOS', version = version + 2")
    seconds += time.perf_counter() - began
    await connection.close()
    return count / seconds


async def check_once(testbed: Testbed, sk_id: UUID, count: int) -> None:
    """Raise unless each case of the SK is determined, credited and published exactly once."""
    rows = await testbed.fetch(
        "graduation",
        "SELECT (SELECT cases FROM sk WHERE sk_id = $1), count(*), count(DISTINCT c.credit_id),"
        " (SELECT count(*) FROM platform.outbox o JOIN graduasi g ON o.key = g.kpm_id::text JOIN penetapan p"
        " USING (graduasi_id) WHERE p.sk_id = $1 AND o.wire = 'graduation.graduasi_determined.v1')"
        " FROM penetapan p LEFT JOIN credit c USING (graduasi_id) WHERE p.sk_id = $1",
        sk_id,
    )
    if tuple(rows[0]) != (count,) * 4:
        message = f"of {count} cases the SK counts, holds, credits and publishes {tuple(rows[0])}"
        raise RuntimeError(message)


async def sk(testbed: Testbed, *, quick: bool) -> list[Figure]:
    """Measure an SK of 10,000 cases, undisturbed and with its worker killed in the middle.

    Graduation's relay sends the events at the same time.
    """
    count = 400 if quick else 10_000
    ministry = Ministry(testbed, await testbed.api("graduation"))
    for part in ("relay", "jobs"):
        await testbed.worker("graduation", part)
    rates: dict[bool, list[float]] = {False: [], True: []}
    floors: list[float] = []
    for killed in (False, True):
        sk_id, rate = await ministry.determine(await ministry.create_approved(count), killed=killed)
        await check_once(testbed, sk_id, count)
        rates[killed].append(rate)
        floors.append(await bare_rows(testbed, sk_id, count))
    name = f"an SK of {count:,} cases"
    return [
        Figure.paired(name, "cases/s", rates[False], floors[:1], Aim("value", 500)),
        Figure.paired(f"{name}, killed in the middle and resumed", "cases/s", rates[True], floors[1:]),
    ]
