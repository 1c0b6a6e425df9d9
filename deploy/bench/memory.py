"""Resident memory of each process of a service."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Self

from deploy.bench.figure import Aim, Figure
from deploy.bench.testbed import Testbed
from deploy.services import SERVICES

PARTS = {"API": (), "worker (relay, consumer)": ("relay", "consumer"), "jobs": ("jobs",)}
MEGABYTE = 1024 * 1024
SETTLED_AFTER = 4.0
LOOK_EVERY = 0.1


def resident(pid: int) -> int:
    """Return the process's resident bytes. Shared libraries are counted in full."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines():
        if line.startswith("Rss:"):
            return int(line.split()[1]) * 1024
    return 0


class Watch:
    """Record the highest resident memory of a process while the context is open."""

    def __init__(self, pid: int) -> None:
        self.pid, self.peak = pid, 0

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._poll())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        self.peak = max(self.peak, resident(self.pid))

    async def _poll(self) -> None:
        while True:
            self.peak = max(self.peak, resident(self.pid))
            await asyncio.sleep(LOOK_EVERY)


async def memory(testbed: Testbed, *, quick: bool) -> list[Figure]:
    """Measure every idle process and return the largest of each kind."""
    del quick
    for service in SERVICES:
        await testbed.worker(service, "relay", "consumer")
        await testbed.worker(service, "jobs")
    await asyncio.gather(testbed.bare(), *(testbed.api(service) for service in SERVICES))
    for service in SERVICES:
        await (await testbed.api(service)).get("/readyz")
    await asyncio.sleep(SETTLED_AFTER)
    floor = resident(testbed.children["bare-api"].pid) / MEGABYTE
    return [largest(testbed, name, parts, floor) for name, parts in PARTS.items()]


def largest(testbed: Testbed, name: str, parts: tuple[str, ...], floor: float) -> Figure:
    sizes: dict[str, float] = {}
    for service in SERVICES:
        child = f"{service}-{'-'.join(parts) or 'api'}"
        testbed.check_running(child)
        sizes[service] = resident(testbed.children[child].pid) / MEGABYTE
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
