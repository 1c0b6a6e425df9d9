"""A relay reads one batch of a large backlog at the cost of that batch."""

import pytest

from shared.messaging.local import LocalPublisher
from shared.messaging.relay import CLEAR, READ, Relay
from shared.schema import SHARDS
from tests.factories.messaging.databases import PUBLISHER
from tests.factories.messaging.plans import count_rows_touched
from tests.factories.messaging.service_pair import ServicePair

WAITING, BATCH = 20_000, 500
FILL = """
WITH written AS (
    INSERT INTO platform.outbox (recorded_at, event_id, shard, topic, key, epoch, seq, wire, body)
    SELECT clock_timestamp(), gen_random_uuid(), number % 24, 'pilar.publisher', number % 5000, 1, number, 'test', '{}'
    FROM generate_series(1, $1) AS number
    RETURNING shard, outbox_id, recorded_at
)
INSERT INTO platform.unsent (shard, outbox_id, recorded_at) SELECT shard, outbox_id, recorded_at FROM written
"""
STATISTICS = "ANALYZE platform.unsent, platform.outbox"


@pytest.mark.parametrize("analysed", ["empty", "full"])
async def test_a_batch_of_a_backlog_touches_no_row_beyond_the_batch(
    stage: ServicePair, analysed: str
) -> None:
    """The plan is the same with statistics of an empty table or of the backlog."""
    await stage.query_publisher(STATISTICS)
    await stage.query_publisher(FILL, WAITING)
    if analysed == "full":
        await stage.query_publisher(STATISTICS)
    connection = await Relay(stage.urls["publisher_worker"], PUBLISHER, LocalPublisher()).connect()
    try:
        assert await count_rows_touched(connection, READ, list(range(SHARDS)), BATCH) == BATCH
        sent = [row["outbox_id"] for row in await connection.fetch(READ, list(range(SHARDS)), BATCH)]
        assert await count_rows_touched(connection, CLEAR, sent) == BATCH
    finally:
        await connection.close()
