"""Rate of a hand-over, with a bare UPDATE and INSERT as its floor."""

from __future__ import annotations

import asyncio
import time
from datetime import date

import asyncpg

from deploy.bench.families import AREA, MEMBERS, PlacedPendamping
from deploy.bench.figure import Aim, Figure
from deploy.bench.http_client import HttpClient
from deploy.bench.intake import Intake
from deploy.bench.testbed import TODAY, Testbed

# An intake spreads the families over many placements. A hand-over needs them in one, since before today.
ASSIGN = """
WITH newest AS (SELECT kpm_id FROM kpm ORDER BY kpm_id DESC LIMIT $3)
UPDATE dampingan d SET penugasan_id = $1, pendamping_id = $2, valid = daterange('2026-01-01', NULL)
FROM newest WHERE newest.kpm_id = d.kpm_id
"""
INSERT_LOAD = "INSERT INTO dampingan_load (penugasan_id, pendamping_id, weighing) VALUES ($1, $2, $3)"
JOB = "SELECT j.state, j.done FROM hand_over h JOIN platform.job j USING (job_id) WHERE h.hand_over_id = $1"
END_ROWS = "UPDATE bench.dampingan SET valid = daterange(lower(valid), $1::date), reason = 'X', version = version + 1, ended = true"
START_ROWS = """
INSERT INTO bench.dampingan (dampingan_id, kpm_id, penugasan_id, pendamping_id, kind, purpose, valid, reason)
SELECT uuidv7(), kpm_id, $2, $3, kind, purpose, daterange($1::date, NULL), 'X' FROM bench.dampingan
"""


async def hand_over(testbed: Testbed, *, quick: bool) -> list[Figure]:
    """Measure hand-overs of all families of a placement, other families in each turn.

    The receiving placement then has more than the limit, so each order has an override reason.
    """
    sizes = [500] if quick else [10_000, 10_000]
    setup = await Intake(testbed).start(sum(sizes))
    rates, floors = [], []
    for turn, families in enumerate(sizes):
        await setup.run(families * MEMBERS)
        giving, taking = setup.pendamping[2 * turn], setup.pendamping[2 * turn + 1]
        await assign_families(testbed, giving, families)
        floors.append(await run_bare_statements(testbed, giving, taking, families))
        rates.append(await run_hand_over(testbed, setup.api, (giving, taking), families))
    name = f"hand-over of {sizes[-1]:,} families"
    return [Figure.paired(name, "families/s", rates, floors, Aim("value", 1_000))]


async def assign_families(testbed: Testbed, giving: PlacedPendamping, families: int) -> None:
    """Assign the newest families to one placement."""
    await testbed.fetch("caseload", ASSIGN, giving.penugasan_id, giving.pendamping_id, families)
    await testbed.fetch("caseload", "DELETE FROM dampingan_load WHERE penugasan_id = $1", giving.penugasan_id)
    await testbed.fetch("caseload", INSERT_LOAD, giving.penugasan_id, giving.pendamping_id, families)


async def run_hand_over(
    testbed: Testbed, api: HttpClient, between: tuple[PlacedPendamping, PlacedPendamping], families: int
) -> float:
    """Order the hand-over and wait for its job. Return families per second."""
    giving, taking = between
    token = testbed.issuer.token("KETUA_TIM_KABKOTA", "ketua-tim-kendal-1", [AREA])
    order = {"from_penugasan_id": str(giving.penugasan_id), "to_penugasan_id": str(taking.penugasan_id)}
    order |= {
        "kode_wilayah": AREA,
        "on": TODAY,
        "reason": "Pembagian wilayah.",
        "override_reason": "Pengukuran.",
    }
    began = time.perf_counter()
    created = await api.post("/v1/hand-over", order, token)
    while True:
        await asyncio.sleep(0.02)
        (job,) = await testbed.fetch("caseload", JOB, created["hand_over_id"])
        if job["state"] not in {"QUEUED", "RUNNING"}:
            break
        testbed.check_running("caseload-jobs")
    seconds = time.perf_counter() - began
    if job["state"] != "DONE" or job["done"] != families:
        message = f"the hand-over ended {job['state']} with {job['done']} of {families} families"
        raise RuntimeError(message)
    return families / seconds


async def run_bare_statements(
    testbed: Testbed, giving: PlacedPendamping, taking: PlacedPendamping, families: int
) -> float:
    """Change copies of the same rows by an UPDATE and an INSERT in one transaction.

    The copies have the same indexes and checks. Returns families per second.
    """
    connection = await asyncpg.connect(testbed.superuser("caseload"))
    await connection.execute("CREATE SCHEMA IF NOT EXISTS bench")
    await connection.execute("CREATE TABLE bench.dampingan (LIKE public.dampingan INCLUDING ALL)")
    await connection.execute(
        "INSERT INTO bench.dampingan SELECT * FROM dampingan WHERE penugasan_id = $1", giving.penugasan_id
    )
    on = date.fromisoformat(TODAY)
    began = time.perf_counter()
    async with connection.transaction():
        await connection.execute(END_ROWS, on)
        await connection.execute(START_ROWS, on, taking.penugasan_id, taking.pendamping_id)
    seconds = time.perf_counter() - began
    await connection.execute("DROP TABLE bench.dampingan")
    await connection.close()
    return families / seconds
