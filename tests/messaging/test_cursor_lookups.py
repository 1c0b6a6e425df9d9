"""A small batch costs the same with few and with many cursors."""

import asyncio
import json

import asyncpg
import pytest

from shared.database import raw
from shared.messaging.cursors import (
    LOCK_CURSORS,
    UPDATE_CURSORS,
    PositionMoved,
    lock_cursors,
    store_cursors,
)
from tests.factories.messaging.events import TOPIC, build_record, build_recorder, create_keys
from tests.factories.messaging.plans import count_rows_touched
from tests.factories.messaging.service_pair import ServicePair

CURSORS, BATCH = 10_000, 5
FILL = """
INSERT INTO platform.cursor (subscription, topic, key, epoch, seq)
SELECT 'pendamping', 'pilar.publisher', number, 1, 1 FROM generate_series(1, $1) AS number
"""
KEYS = [str(number) for number in range(1, BATCH + 1)]
LOCK = ("pendamping", "pilar.publisher", json.dumps(KEYS))
UPDATE = (
    "pendamping",
    json.dumps(["pilar.publisher"] * BATCH),
    json.dumps(KEYS),
    [1] * BATCH,
    [2] * BATCH,
    [None] * BATCH,
    json.dumps(["GAP"] * BATCH),
)


@pytest.mark.parametrize("analysed", ["empty", "full"])
async def test_a_batch_touches_no_cursor_of_another_key(stage: ServicePair, analysed: str) -> None:
    """The plan is the same with statistics of an empty table or of all cursors."""
    connection = await asyncpg.connect(stage.urls["reader_super"])
    try:
        await connection.execute("ANALYZE platform.cursor")
        await connection.execute(FILL, CURSORS)
        if analysed == "full":
            await connection.execute("ANALYZE platform.cursor")
        locked = await connection.fetch(LOCK_CURSORS, *LOCK)
        assert [row["key"] for row in locked] == KEYS
        for statement, values in ((LOCK_CURSORS, LOCK), (UPDATE_CURSORS, UPDATE)):
            assert await count_rows_touched(connection, statement, *values) == BATCH
        changed = "SELECT count(*) FROM platform.cursor WHERE state = 'GAP' AND seq = 2"
        assert await connection.fetchval(changed) == BATCH
        assert await connection.fetchval("SELECT count(*) FROM platform.cursor") == CURSORS
    finally:
        await connection.close()


async def test_a_waiting_lock_reads_the_position_that_was_committed_meanwhile(stage: ServicePair) -> None:
    first, second = [await asyncpg.connect(stage.urls["reader_super"]) for _ in range(2)]
    try:
        await first.execute(FILL, BATCH)
        async with first.transaction():
            await first.execute(UPDATE_CURSORS, *UPDATE)
            waiting = asyncio.create_task(second.fetch(LOCK_CURSORS, *LOCK))
            await asyncio.wait([waiting], timeout=0.3)
            assert not waiting.done()
        assert [(row["seq"], row["state"]) for row in await waiting] == [(2, "GAP")] * BATCH
    finally:
        await first.close()
        await second.close()


async def test_the_first_cursor_of_a_key_is_not_written_over_the_one_of_another_reader(
    stage: ServicePair,
) -> None:
    """A missing cursor cannot be locked, and an operator's verb locks no offset."""
    sub, (key,) = build_recorder(), create_keys(1)
    at, record = (TOPIC, str(key)), build_record(key, 1)
    async with stage.reader.transaction() as session:
        cursors = await lock_cursors(session, sub.name, [at])
        cursors[at].set_state("GAP")
        await stage.receive(sub, [record])
        with pytest.raises(PositionMoved):
            await store_cursors(await raw(session), sub.name, cursors)
    assert await stage.read_cursor(key) == (1, 1, "OPEN")
