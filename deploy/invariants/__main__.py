"""Check the invariants of the four databases once all events are read.

The databases are those of a running `make up` (FOLDER, else .pilar), or those that
PILAR_<SERVICE>_WORKER_DATABASE_URL (or ..._URL_FILE) name; then PILAR_KAFKA_BOOTSTRAP names the broker.
Exit status: 0 all hold, 1 faults, 2 not checked.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping

import asyncpg
from aiokafka.errors import KafkaError

from deploy.invariants import databases, is_idle, violations
from deploy.invariants.addresses import NoDatabases, addresses

IDLE_TIMEOUT_SECONDS = 30
CHECK_EVERY_SECONDS = 0.5


def main() -> int:
    try:
        urls, bootstrap = addresses()
        faults, idle = asyncio.run(check(urls, bootstrap))
    except (NoDatabases, OSError, asyncpg.PostgresError, KafkaError) as error:
        print(f"Not checked: {error}", file=sys.stderr)
        return 2
    if not idle:
        print(f"Not all events are read after {IDLE_TIMEOUT_SECONDS} s. Stop all input and check again.")
        return 2
    print("\n".join(faults) if faults else "Invariants I2 to I9 hold in all four databases.")
    return 1 if faults else 0


async def check(urls: Mapping[str, str], bootstrap: str) -> tuple[list[str], bool]:
    """Return the faults, and whether all events were read in time."""
    services = databases(urls)
    try:
        async with asyncio.timeout(IDLE_TIMEOUT_SECONDS):
            while not await is_idle(services, bootstrap):  # noqa: ASYNC110  # no event to wait for
                await asyncio.sleep(CHECK_EVERY_SECONDS)
    except TimeoutError:
        return [], False
    return await violations(services, bootstrap), True


if __name__ == "__main__":
    sys.exit(main())
