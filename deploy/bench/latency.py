"""Latency of an event from its commit in caseload to its commit in graduation.

Both services share one server, so both timestamps come from one clock.
"""

from __future__ import annotations

import asyncio
import time
from uuid import UUID

from deploy.bench.delivery import BARE_TOPIC, Traffic, make_bare_topic
from deploy.bench.families import desa, kpm_facts
from deploy.bench.figure import Aim, Figure, percentile
from deploy.bench.testbed import Testbed
from shared.access import Actor
from shared.contracts.caseload import KpmRegistered
from shared.database import uuid7
from shared.messaging import emit

RATE = 300
CLIENTS = 10
COMMITTED = "SELECT key, pg_xact_commit_timestamp(xmin) AS at FROM platform.outbox WHERE key = ANY($1)"
APPLIED = "SELECT kpm_id, pg_xact_commit_timestamp(xmin) AS at FROM replica_kpm.kpm WHERE kpm_id = ANY($1)"


async def latency(testbed: Testbed, *, quick: bool) -> list[Figure]:
    """Measure one family per transaction, 300 transactions per second, in turns with the bare way."""
    traffic = Traffic(testbed, "caseload", "graduation", "kpm")
    await traffic.start()
    await make_bare_topic(testbed)
    seconds, turns = (2, 1) if quick else (6, 2)
    await measure_latencies(traffic, RATE)
    ours, bare = [], []
    for _ in range(turns):
        ours.append(await measure_latencies(traffic, seconds * RATE))
        parameters = {
            "dsn": testbed.superuser("graduation"),
            "topic": BARE_TOPIC,
            "rate": RATE,
            "count": seconds * RATE,
        }
        bare.append(await testbed.floor("echo", parameters | {"bootstrap": await testbed.start_broker()}))
    return [
        Figure.paired(
            f"event latency at {RATE}/s, {name}",
            "ms",
            [percentile(turn, percent) for turn in ours],
            [percentile(turn, percent) for turn in bare],
            aim,
        )
        for name, percent, aim in (
            ("p50", 50, None),
            ("p99", 99, Aim("value", 250, at_least=False)),
        )
    ]


async def measure_latencies(traffic: Traffic, count: int) -> list[float]:
    """Commit `count` events at a steady rate and return the latency of each in milliseconds."""
    goal = sum((await traffic.positions()).values()) + count
    kpm_ids, kode_wilayah = [uuid7() for _ in range(count)], desa()[0]
    clients, began = asyncio.Semaphore(CLIENTS), time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for number, kpm_id in enumerate(kpm_ids):
            await asyncio.sleep(max(0.0, began + number / RATE - time.perf_counter()))
            await clients.acquire()
            group.create_task(commit_one(traffic.testbed, kpm_id, kode_wilayah, clients))
    await traffic.wait_until_applied(goal)
    committed = await traffic.testbed.fetch("caseload", COMMITTED, [str(kpm_id) for kpm_id in kpm_ids])
    applied = await traffic.testbed.fetch("graduation", APPLIED, kpm_ids)
    applied_at = {str(row["kpm_id"]): row["at"] for row in applied}
    return [(applied_at[row["key"]] - row["at"]).total_seconds() * 1000 for row in committed]


async def commit_one(testbed: Testbed, kpm_id: UUID, kode_wilayah: str, clients: asyncio.Semaphore) -> None:
    try:
        async with testbed.database("caseload").transaction(Actor.system("caseload")) as session:
            emit(session, KpmRegistered.model_validate(kpm_facts(kpm_id, kode_wilayah)))
    finally:
        clients.release()
