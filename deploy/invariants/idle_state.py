"""When the four databases are at rest: everything told is read, nothing waits to be sent, no work is due."""

from collections.abc import Mapping

from deploy.invariants.databases import Asked
from deploy.kafka.records import kafka_ends
from deploy.services import subscriptions_of

WAITS = """
SELECT (SELECT count(*) FROM platform.unsent)
     + (SELECT count(*) FROM platform.job WHERE state IN ('QUEUED', 'RUNNING'))
     + (SELECT count(*) FROM platform.due WHERE done_at IS NULL AND due_at <= clock_timestamp() + CASE clock
        WHEN 'business' THEN make_interval(secs => (SELECT offset_seconds FROM platform.business_clock))
        ELSE interval '0' END) AS count
"""
ENDS = 'SELECT topic, partition, max("offset") + 1 AS next FROM platform.local_log GROUP BY 1, 2'
READ = "SELECT subscription, topic, partition, next_offset FROM platform.consumer_offset"


async def at_rest(services: Mapping[str, Asked], bootstrap: str = "") -> bool:
    """Whether every subscription has read its topics to their end, copies too, and nothing further is to be told.

    Asked in this order, and the ends once more: whoever has read to an end has also written what follows from it, which
    by the second look either waits to be sent or has moved an end.
    """
    ends = await log_ends(services, bootstrap)
    for name, service in services.items():
        if not await read(name, service, ends):
            return False
    for service in services.values():
        if (await service.sql(WAITS))[0]["count"]:
            return False
    return await log_ends(services, bootstrap) == ends


async def log_ends(services: Mapping[str, Asked], bootstrap: str = "") -> dict[tuple[str, int], int]:
    """Where each partition ends, in the broker or in the one-machine log."""
    if bootstrap:
        return await kafka_ends(bootstrap)
    rows = [row for service in services.values() for row in await service.sql(ENDS)]
    return {(row["topic"], row["partition"]): row["next"] for row in rows}


async def read(name: str, service: Asked, ends: Mapping[tuple[str, int], int]) -> bool:
    """Whether each reader of a service stands at the end of what it reads."""
    stored = {
        (row["subscription"], row["topic"], row["partition"]): row["next_offset"]
        for row in await service.sql(READ)
    }
    return all(
        stored.get((subscription.name, *at), 0) >= end
        for subscription in subscriptions_of(name)
        for at, end in ends.items()
        if at[0] in subscription.topics
    )
