"""What each process of a service holds of the machine's memory."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Self

from deploy.bench.figure import Aim, Figure
from deploy.bench.stage import Stage
from deploy.services import SERVICES

PARTS = {"API": (), "worker (relay, consumer)": ("relay", "consumer"), "jobs": ("jobs",)}
MEGABYTE = 1024 * 1024
SETTLED_AFTER = 4.0
LOOK_EVERY = 0.1


def resident(pid: int) -> int:
    """The process's resident bytes, shared libraries counted in full: the strictest reading."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines():
        if line.startswith("Rss:"):
            return int(line.split()[1]) * 1024
    return 0


class Watch:
    """Notes the most that a process holds while it is watched."""

    def __init__(self, pid: int) -> None:
        self.pid, self.peak = pid, 0

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._look())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        self.peak = max(self.peak, resident(self.pid))

    async def _look(self) -> None:
        while True:
            self.peak = max(self.peak, resident(self.pid))
            await asyncio.sleep(LOOK_EVERY)


async def memory(stage: Stage, *, quick: bool) -> list[Figure]:
    """Every process of all four services, after it has answered and come to rest; the largest of four is shown."""
    del quick
    for service in SERVICES:
        await stage.worker(service, "relay", "consumer")
        await stage.worker(service, "jobs")
    await asyncio.gather(stage.bare(), *(stage.api(service) for service in SERVICES))
    for service in SERVICES:
        await (await stage.api(service)).get("/readyz")
    await asyncio.sleep(SETTLED_AFTER)
    floor = resident(stage.children["bare-api"].pid) / MEGABYTE
    return [largest(stage, name, parts, floor) for name, parts in PARTS.items()]


def largest(stage: Stage, name: str, parts: tuple[str, ...], floor: float) -> Figure:
    sizes: dict[str, float] = {}
    for service in SERVICES:
        child = f"{service}-{'-'.join(parts) or 'api'}"
        stage.refuse_ended(child)
        sizes[service] = resident(stage.children[child].pid) / MEGABYTE
    service = max(sizes, key=lambda one: sizes[one])
    aim = Aim("value", 150, at_least=False)
    return Figure(
        f"memory at rest, {name}, the largest: {service}",
        sizes[service],
        "MB",
        floor,
        sizes[service] / floor,
        aim,
    )
