"""A large intake works with PostgreSQL's statistics of an empty staging table."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest

from tests.factories.caseload.intake import build_csv, family, import_file
from tests.factories.delivery import relay
from tests.factories.services import Running

FAMILIES, SIZE = 6_700, 6
PASSED_JOB = """
INSERT INTO staged_row (job_id, row_no, no_kk_index, ok, digest, data)
SELECT $1, n, '', true, '', '{}' FROM generate_series(1, 3000) AS n
"""


async def count_while_empty(service: Running) -> None:
    """Update the statistics while the table is empty, as after an earlier file."""
    await service.sql(PASSED_JOB, uuid4())
    await service.sql("DELETE FROM staged_row")
    await service.execute("ANALYZE staged_row")


@asynccontextmanager
async def relay_continuously(service: Running) -> AsyncIterator[None]:
    """Publish the outbox continuously, because bulk jobs wait for room in it."""
    stop = asyncio.Event()

    async def send() -> None:
        while not stop.is_set():
            if not await relay(service):
                await asyncio.sleep(0.01)

    async with asyncio.TaskGroup() as group:
        group.create_task(send())
        try:
            yield
        finally:
            stop.set()


@pytest.mark.timeout(300)
async def test_large_intake_is_written_and_changed_completely(kendal_caseload: Running) -> None:
    families = [family(number, SIZE) for number in range(FAMILIES)]
    # One family's rows are not adjacent, and one NIK is in two families.
    apart, husband = families[0].pop(), families[1][1]
    families[2][1]["nik"] = husband["nik"]
    async with relay_continuously(kendal_caseload):
        await count_while_empty(kendal_caseload)
        first = await import_file(kendal_caseload, build_csv(*families, [apart]))
        assert (first["report"]["new_families"], first["refused"]) == (FAMILIES - 1, SIZE)
        assert first["errors"] == [(14, "nik", "DUPLICATE_NIK")]
        for rows in families:
            rows[0]["address"] = "Dusun Baru RT 1"
        await count_while_empty(kendal_caseload)
        second = await import_file(kendal_caseload, build_csv(*families, [apart]))
        assert (second["report"]["changed_families"], second["refused"]) == (FAMILIES - 1, SIZE)
