"""I2 to I5 of docs/messaging.md#invariants: each event is written, sent and read once, in order."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from deploy.invariants.databases import Asked
from deploy.kafka.records import kafka_records
from deploy.services import SERVICES, subscriptions_of
from shared.events import AUDIT_TOPIC, SEALED_TOPIC

AUDIT_TOPICS = [f"{AUDIT_TOPIC}{service}" for service in SERVICES]
"""A block may be closed at any moment, also during the check. `make audit` checks that the others have it."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A record of a topic."""

    topic: str
    key: str
    seq: int
    event_id: str


async def stream_faults(services: Mapping[str, Asked], bootstrap: str) -> list[str]:
    """Check the streams of each service, and that every subscription has read them."""
    faults: list[str] = []
    sent = await kafka_log(bootstrap) if bootstrap else []
    for name, service in services.items():
        faults += [f"{name}: {fault}" for fault in await position_faults(service)]
        log = sent if bootstrap else await local_log(service)
        faults += [f"{name}: {fault}" for fault in await sending_faults(service, log)]
        faults += [f"{name}: {fault}" for fault in order_faults(log if log is not sent else [])]
    return faults + order_faults(sent) + await all_cursor_faults(services)


async def position_faults(service: Asked) -> list[str]:
    """Check I2: the positions of each key are 1 to n.

    The position of the stream is n.
    """
    rows = await service.sql(
        "SELECT topic, key FROM platform.outbox FULL JOIN platform.stream USING (topic, key) GROUP BY topic, key"
        " HAVING count(DISTINCT outbox.seq) <> count(outbox.seq) OR min(outbox.seq) IS DISTINCT FROM 1"
        " OR max(outbox.seq) <> count(outbox.seq) OR max(stream.seq) IS DISTINCT FROM max(outbox.seq)"
    )
    return [f"I2: the positions of {row['topic']} {row['key']} are not 1 to n" for row in rows]


async def local_log(service: Asked) -> list[Sent]:
    rows = await service.sql(
        "SELECT l.topic, coalesce(o.key, '') AS key, coalesce(o.seq, 0) AS seq, coalesce(o.event_id::text,"
        " 'nothing') AS event_id FROM platform.local_log l LEFT JOIN platform.outbox o"
        ' USING (recorded_at, outbox_id) ORDER BY l.topic, l.partition, l."offset"'
    )
    return [Sent(**row) for row in rows]


async def kafka_log(bootstrap: str) -> list[Sent]:
    faults: list[Sent] = []
    for record in await kafka_records(bootstrap):
        envelope = json.loads(record.value)
        faults.append(Sent(record.topic, record.key.decode(), envelope["seq"], envelope["id"]))
    return faults


async def sending_faults(service: Asked, log: Iterable[Sent]) -> list[str]:
    """Check I3: no event is unsent, and outbox and log have the same events."""
    unsent = await service.sql(
        "SELECT count(*) AS count FROM platform.unsent JOIN platform.outbox USING (recorded_at, outbox_id)"
        " WHERE topic <> ALL ($1)",
        AUDIT_TOPICS,
    )
    rows = await service.sql(
        "SELECT topic, event_id::text FROM platform.outbox WHERE topic <> ALL ($1)", AUDIT_TOPICS
    )
    written = {row["event_id"] for row in rows}
    topics = {row["topic"] for row in rows}
    logged = {record.event_id for record in log if record.topic in topics}
    faults = [f"I3: {unsent[0]['count']} events are unsent"] if unsent[0]["count"] else []
    faults += [f"I3: event {event} was never sent" for event in sorted(written - logged)]
    return faults + [f"I3: event {event} was sent but never written" for event in sorted(logged - written)]


def order_faults(log: Iterable[Sent]) -> list[str]:
    """Check I4: the first record of each event follows its predecessor of the same key."""
    last: dict[tuple[str, str], int] = defaultdict(int)
    seen: set[str] = set()
    faults: list[str] = []
    for record in log:
        stream = (record.topic, record.key)
        if record.event_id not in seen and record.seq != last[stream] + 1:
            faults.append(f"I4: {record.topic} {record.key}: {record.seq} after {last[stream]}")
        if record.event_id not in seen:
            last[stream] = record.seq
        seen.add(record.event_id)
    return faults


async def all_cursor_faults(services: Mapping[str, Asked]) -> list[str]:
    """Check I5: each cursor is at the last event of its key.

    No event may be parked.
    """
    last_events: dict[tuple[str, str], tuple[int, str]] = {}
    for service in services.values():
        for row in await service.sql(
            "SELECT DISTINCT ON (topic, key) topic, key, seq, event_id::text FROM platform.outbox"
            " WHERE topic <> ALL ($1) ORDER BY topic, key, seq DESC",
            AUDIT_TOPICS,
        ):
            last_events[row["topic"], row["key"]] = (row["seq"], row["event_id"])
    faults: list[str] = []
    for name, service in services.items():
        faults += [f"{name}: {fault}" for fault in await cursor_faults(name, service, last_events)]
    return faults


async def cursor_faults(
    name: str, service: Asked, last_events: Mapping[tuple[str, str], tuple[int, str]]
) -> list[str]:
    cursors = {
        (row["subscription"], row["topic"], row["key"]): (row["seq"], row["event_id"], row["state"])
        for row in await service.sql(
            "SELECT subscription, topic, key, seq, event_id::text, state FROM platform.cursor"
            " WHERE topic <> ALL ($1)",
            AUDIT_TOPICS,
        )
    }
    parked = await service.sql("SELECT subscription, wire, reason FROM platform.parked")
    faults = [f"I5: {row['subscription']} has parked {row['wire']} ({row['reason']})" for row in parked]
    faults += [
        f"I5: {name} is {state} at {topic} {key}"
        for (name, topic, key), (_, _, state) in cursors.items()
        if state != "OPEN"
    ]
    faults += [
        f"I5: {name} has a cursor for {topic} {key}, which has no events"
        for name, topic, key in cursors
        if (topic, key) not in last_events
    ]
    for subscription in subscriptions_of(name):
        for (topic, key), last in last_events.items():
            position = cursors.get((subscription.name, topic, key), (0, None, ""))[:2]
            if (
                topic in subscription.topics
                and position != last
                and (topic != SEALED_TOPIC or position[0] > last[0])
            ):
                faults.append(f"I5: {subscription.name} is at {position[0]} of {last[0]} of {topic} {key}")
    return faults
