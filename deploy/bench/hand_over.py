"""Families handed from one placement to another by the real job, beside the same rows changed by a bare pair of statements."""

from __future__ import annotations

import asyncio
import time
from datetime import date

import asyncpg

from deploy.bench.caller import Caller
from deploy.bench.families import AREA, MEMBERS, Placed
from deploy.bench.figure import Aim, Figure
from deploy.bench.intake import Intake
from deploy.bench.stage import TODAY, Stage

# An intake spreads the families over many; here they are all one's, since before today.
GATHER = """
WITH newest AS (SELECT kpm_id FROM kpm ORDER BY kpm_id DESC LIMIT $3)
UPDATE dampingan d SET penugasan_id = $1, pendamping_id = $2, valid = daterange('2026-01-01', NULL)
FROM newest WHERE newest.kpm_id = d.kpm_id
"""
WEIGH = "INSERT INTO dampingan_load (penugasan_id, pendamping_id, weighing) VALUES ($1, $2, $3)"
JOB = "SELECT j.state, j.done FROM hand_over h JOIN platform.job j USING (job_id) WHERE h.hand_over_id = $1"
END = "UPDATE bench.dampingan SET valid = daterange(lower(valid), $1::date), reason = 'X', version = version + 1, ended = true"
BEGIN = """
INSERT INTO bench.dampingan (dampingan_id, kpm_id, penugasan_id, pendamping_id, kind, purpose, valid, reason)
SELECT uuidv7(), kpm_id, $2, $3, kind, purpose, daterange($1::date, NULL), 'X' FROM bench.dampingan
"""


async def hand_over(stage: Stage, *, quick: bool) -> list[Figure]:
    """Each turn hands over families of its own, all that one placement has, past the limit for a reason."""
    sizes = [500] if quick else [10_000, 10_000]
    ready = await Intake(stage).begin(sum(sizes))
    rates, floors = [], []
    for turn, families in enumerate(sizes):
        await ready.take_in(families * MEMBERS)
        giving, taking = ready.placed[2 * turn], ready.placed[2 * turn + 1]
        await gathered(stage, giving, families)
        floors.append(await bare(stage, giving, taking, families))
        rates.append(await handed_over(stage, ready.api, (giving, taking), families))
    name = f"hand-over of {sizes[-1]:,} families"
    return [Figure.paired(name, "families/s", rates, floors, Aim("value", 1_000))]


async def gathered(stage: Stage, giving: Placed, families: int) -> None:
    """Let one placement have the newest families."""
    await stage.ask("caseload", GATHER, giving.penugasan_id, giving.pendamping_id, families)
    await stage.ask("caseload", "DELETE FROM dampingan_load WHERE penugasan_id = $1", giving.penugasan_id)
    await stage.ask("caseload", WEIGH, giving.penugasan_id, giving.pendamping_id, families)


async def handed_over(stage: Stage, api: Caller, between: tuple[Placed, Placed], families: int) -> float:
    """Order it and let the job end; return families a second, the order and the waiting for the relay and all."""
    giving, taking = between
    token = stage.issuer.token("KETUA_TIM_KABKOTA", "ketua-tim-kendal-1", [AREA])
    order = {"from_penugasan_id": str(giving.penugasan_id), "to_penugasan_id": str(taking.penugasan_id)}
    order |= {
        "kode_wilayah": AREA,
        "on": TODAY,
        "reason": "Pembagian wilayah.",
        "override_reason": "Pengukuran.",
    }
    began = time.perf_counter()
    asked = await api.post("/v1/hand-over", order, token)
    while True:
        await asyncio.sleep(0.02)
        (seen,) = await stage.ask("caseload", JOB, asked["hand_over_id"])
        if seen["state"] not in {"QUEUED", "RUNNING"}:
            break
        stage.refuse_ended("caseload-jobs")
    seconds = time.perf_counter() - began
    if seen["state"] != "DONE" or seen["done"] != families:
        message = f"the hand-over ended {seen['state']} with {seen['done']} of {families} families"
        raise RuntimeError(message)
    return families / seconds


async def bare(stage: Stage, giving: Placed, taking: Placed, families: int) -> float:
    """Change twins of the same rows, with the same indexes and checks, by an UPDATE and an INSERT in one transaction."""
    connection = await asyncpg.connect(stage.superuser("caseload"))
    await connection.execute("CREATE SCHEMA IF NOT EXISTS bench")
    await connection.execute("CREATE TABLE bench.dampingan (LIKE public.dampingan INCLUDING ALL)")
    await connection.execute(
        "INSERT INTO bench.dampingan SELECT * FROM dampingan WHERE penugasan_id = $1", giving.penugasan_id
    )
    on = date.fromisoformat(TODAY)
    began = time.perf_counter()
    async with connection.transaction():
        await connection.execute(END, on)
        await connection.execute(BEGIN, on, taking.penugasan_id, taking.pendamping_id)
    seconds = time.perf_counter() - began
    await connection.execute("DROP TABLE bench.dampingan")
    await connection.close()
    return families / seconds
