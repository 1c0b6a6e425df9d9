"""Latency of reading one family by id, with a bare API as its floor."""

from __future__ import annotations

import statistics
import time
from uuid import UUID

from deploy.bench.figure import Aim, Figure
from deploy.bench.http_client import HttpClient
from deploy.bench.intake import Intake
from deploy.bench.testbed import Testbed

ENOUGH_FAMILIES = 1_000
MEMBERS = 4
AIM = Aim("ratio", 1.8, at_least=False)


async def reading(testbed: Testbed, *, quick: bool) -> list[Figure]:
    """Measure one request at a time, in turns with the bare API.

    Its answer is compared without a row about the reader, and with one, which Pilar's audit trail always has.
    """
    kpm_ids = await find_families(testbed)
    await testbed.fetch("caseload", "CREATE SCHEMA IF NOT EXISTS bench")
    await testbed.fetch("caseload", "CREATE TABLE IF NOT EXISTS bench.reader (kpm_id uuid, account text)")
    ours, bare = await testbed.api("caseload"), await testbed.bare()
    token = testbed.issuer.token("DINSOS_KABKOTA", "dinsos-kendal-1", ["33.24"])
    times: tuple[list[float], list[float], list[float]] = ([], [], [])
    for number in range(200 if quick else 3_000):
        kpm_id = kpm_ids[number % len(kpm_ids)]
        times[0].append(await timed(ours, f"/v1/kpm/{kpm_id}", token))
        times[1].append(await timed(bare, f"/kpm/{kpm_id}", ""))
        times[2].append(await timed(bare, f"/kpm/{kpm_id}/recorded", ""))
    value, *floors = (statistics.median(values[len(values) // 10 :]) for values in times)
    names = ("read one family by id, p50", "the same, to a bare read that records its reader")
    return [
        Figure(name, value, "ms", floor, value / floor, AIM)
        for name, floor in zip(names, floors, strict=True)
    ]


async def find_families(testbed: Testbed) -> list[UUID]:
    """Return the ids of some families, after an intake if there are none."""
    rows = await testbed.fetch("caseload", "SELECT kpm_id FROM kpm LIMIT 500")
    if not rows:
        await (await Intake(testbed).start(ENOUGH_FAMILIES)).run(ENOUGH_FAMILIES * MEMBERS)
        rows = await testbed.fetch("caseload", "SELECT kpm_id FROM kpm LIMIT 500")
    return [row["kpm_id"] for row in rows]


async def timed(client: HttpClient, path: str, token: str) -> float:
    began = time.perf_counter()
    await client.get(path, token)
    return (time.perf_counter() - began) * 1000
