"""How long a fact takes from its commit in caseload to its commit in graduation, both dated by the one server."""

from __future__ import annotations

import asyncio
import time
from uuid import UUID

from deploy.bench.delivery import BARE_TOPIC, Traffic, make_bare_topic
from deploy.bench.families import desa, kpm_facts
from deploy.bench.figure import Aim, Figure, percentile
from deploy.bench.stage import Stage
from shared.access import Actor
from shared.contracts.caseload import KpmRegistered
from shared.database import uuid7
from shared.messaging import emit

RATE = 300
CLIENTS = 10
COMMITTED = "SELECT key, pg_xact_commit_timestamp(xmin) AS at FROM platform.outbox WHERE key = ANY($1)"
APPLIED = "SELECT kpm_id, pg_xact_commit_timestamp(xmin) AS at FROM replica_kpm.kpm WHERE kpm_id = ANY($1)"


async def latency(stage: Stage, *, quick: bool) -> list[Figure]:
    """One family a transaction, 300 transactions a second, in turns with the bare way of the same rate."""
    traffic = Traffic(stage, "caseload", "graduation", "kpm")
    await traffic.begin()
    await make_bare_topic(stage)
    seconds, turns = (2, 1) if quick else (6, 2)
    await told(traffic, RATE)
    ours, bare = [], []
    for _ in range(turns):
        ours.append(await told(traffic, seconds * RATE))
        asked = {
            "dsn": stage.superuser("graduation"),
            "topic": BARE_TOPIC,
            "rate": RATE,
            "count": seconds * RATE,
        }
        bare.append(await stage.floor("echo", asked | {"bootstrap": await stage.topics()}))
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


async def told(traffic: Traffic, count: int) -> list[float]:
    """Commit `count` facts at a steady rate; return how long each took to be applied, in milliseconds."""
    goal = sum((await traffic.positions()).values()) + count
    kpm_ids, kode = [uuid7() for _ in range(count)], desa()[0]
    clients, began = asyncio.Semaphore(CLIENTS), time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for number, kpm_id in enumerate(kpm_ids):
            await asyncio.sleep(max(0.0, began + number / RATE - time.perf_counter()))
            await clients.acquire()
            group.create_task(commit_one(traffic.stage, kpm_id, kode, clients))
    await traffic.applied(goal)
    committed = await traffic.stage.ask("caseload", COMMITTED, [str(kpm_id) for kpm_id in kpm_ids])
    applied = await traffic.stage.ask("graduation", APPLIED, kpm_ids)
    when = {str(row["kpm_id"]): row["at"] for row in applied}
    return [(when[row["key"]] - row["at"]).total_seconds() * 1000 for row in committed]


async def commit_one(stage: Stage, kpm_id: UUID, kode: str, clients: asyncio.Semaphore) -> None:
    try:
        async with stage.database("caseload").transaction(Actor.system("caseload")) as session:
            emit(session, KpmRegistered.model_validate(kpm_facts(kpm_id, kode)))
    finally:
        clients.release()
