"""Check that the four databases are idle: all events read, nothing to send or do."""

from collections.abc import Mapping

from deploy.invariants.databases import Asked
from deploy.kafka.records import kafka_ends
from deploy.services import subscriptions_of

WAITING = """
SELECT 'unsent' AS kind, count(*) FROM platform.unsent
UNION ALL SELECT kind || ' ' || state, count(*) FROM platform.job WHERE state IN ('QUEUED', 'RUNNING') GROUP BY kind, state
UNION ALL SELECT kind, count(*) FROM platform.scheduled_task WHERE done_at IS NULL AND due_at <= clock_timestamp() + CASE clock
    WHEN 'business' THEN make_interval(secs => (SELECT offset_seconds FROM platform.business_clock))
    ELSE interval '0' END GROUP BY kind
"""
ENDS = 'SELECT topic, partition, max("offset") + 1 AS next FROM platform.local_log GROUP BY 1, 2'
READ_OFFSETS = "SELECT subscription, topic, partition, next_offset FROM platform.consumer_offset"


async def is_idle(services: Mapping[str, Asked], bootstrap: str = "") -> bool:
    """Return whether all events are read and no work waits."""
    return await find_waiting(services, bootstrap) is None


async def find_waiting(services: Mapping[str, Asked], bootstrap: str = "") -> str | None:
    """Return a sentence about what is not read or done yet, or None.

    The log ends are read first and last. A subscription that has read to an end has also written what follows from it, so
    its new events are either unsent or have moved an end by the second read.
    """
    ends = await log_ends(services, bootstrap)
    for name, service in services.items():
        if unread := await list_unread(name, service, ends):
            return f"{name} has not read: {', '.join(unread)}"
    for name, service in services.items():
        waiting = [f"{row['count']} {row['kind']}" for row in await service.sql(WAITING) if row["count"]]
        if waiting:
            return f"{name} has waiting work: {', '.join(waiting)}"
    return None if await log_ends(services, bootstrap) == ends else "new events came"


async def log_ends(services: Mapping[str, Asked], bootstrap: str = "") -> dict[tuple[str, int], int]:
    """Return the end of each partition, in the broker or in the one-machine log."""
    if bootstrap:
        return await kafka_ends(bootstrap)
    rows = [row for service in services.values() for row in await service.sql(ENDS)]
    return {(row["topic"], row["partition"]): row["next"] for row in rows}


async def list_unread(name: str, service: Asked, ends: Mapping[tuple[str, int], int]) -> list[str]:
    """Return the subscriptions of a service that have not read a topic to its ends."""
    stored = {
        (row["subscription"], row["topic"], row["partition"]): row["next_offset"]
        for row in await service.sql(READ_OFFSETS)
    }
    unread = {
        f"{subscription.name} {topic}"
        for subscription in subscriptions_of(name)
        for (topic, partition), end in ends.items()
        if topic in subscription.topics and stored.get((subscription.name, topic, partition), 0) < end
    }
    return sorted(unread)
