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


async def reading(testbed: Testbed, *, quick: bool) -> list[Figure]:
    """Measure one request at a time, in turns with the bare API."""
    kpm_ids = await find_families(testbed)
    ours, bare = await testbed.api("caseload"), await testbed.bare()
    token = testbed.issuer.token("DINSOS_KABKOTA", "dinsos-kendal-1", ["33.24"])
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(200 if quick else 3_000):
        kpm_id = kpm_ids[number % len(kpm_ids)]
        times[0].append(await timed(ours, f"/v1/kpm/{kpm_id}", token))
        times[1].append(await timed(bare, f"/kpm/{kpm_id}", ""))
    value, floor = (statistics.median(values[len(values) // 10 :]) for values in times)
    aim = Aim("ratio", 2, at_least=False)
    return [Figure("read one family by id, p50", value, "ms", floor, value / floor, aim)]


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
