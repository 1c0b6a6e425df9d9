"""One family read by its id, token and area checked, beside the same row from a bare API."""

from __future__ import annotations

import statistics
import time

from deploy.bench.caller import Caller
from deploy.bench.figure import Aim, Figure
from deploy.bench.intake import Intake
from deploy.bench.stage import Stage

ENOUGH_FAMILIES = 1_000
MEMBERS = 4


async def reading(stage: Stage, *, quick: bool) -> list[Figure]:
    """One request at a time, ours and the bare one in turns, so that both see the same machine."""
    rows = await stage.ask("caseload", "SELECT kpm_id FROM kpm LIMIT 500")
    if not rows:
        await (await Intake(stage).begin(ENOUGH_FAMILIES)).take_in(ENOUGH_FAMILIES * MEMBERS)
        rows = await stage.ask("caseload", "SELECT kpm_id FROM kpm LIMIT 500")
    ours, bare = await stage.api("caseload"), await stage.bare()
    token = stage.issuer.token("DINSOS_KABKOTA", "dinsos-kendal-1", ["33.24"])
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(200 if quick else 3_000):
        kpm_id = rows[number % len(rows)]["kpm_id"]
        times[0].append(await timed(ours, f"/v1/kpm/{kpm_id}", token))
        times[1].append(await timed(bare, f"/kpm/{kpm_id}", ""))
    value, floor = (statistics.median(one[len(one) // 10 :]) for one in times)
    aim = Aim("ratio", 2, at_least=False)
    return [Figure("read one family by id, p50", value, "ms", floor, value / floor, aim)]


async def timed(caller: Caller, path: str, token: str) -> float:
    began = time.perf_counter()
    await caller.get(path, token)
    return (time.perf_counter() - began) * 1000
