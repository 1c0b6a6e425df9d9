"""I2 to I5 of reliability.md: of every fact one position, one sending, one hearing by each reader, in order."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from deploy.invariants.databases import Asked
from deploy.kafka.records import kafka_records
from deploy.services import subscriptions_of
from shared.events import SEALED_TOPIC


@dataclass(frozen=True, slots=True)
class Sent:
    """A record of a topic."""

    topic: str
    key: str
    seq: int
    event_id: str


async def stream_faults(services: Mapping[str, Asked], bootstrap: str) -> list[str]:
    """Each service's own streams, and that all of it was heard by all; `bootstrap` names the broker, if there is one."""
    found: list[str] = []
    sent = await kafka_log(bootstrap) if bootstrap else []
    for name, service in services.items():
        found += [f"{name}: {fault}" for fault in await contiguous(service)]
        here = sent if bootstrap else await local_log(service)
        found += [f"{name}: {fault}" for fault in await all_sent(service, here)]
        found += [f"{name}: {fault}" for fault in inverted(here if here is not sent else [])]
    return found + inverted(sent) + await heard_by_all(services)


async def contiguous(service: Asked) -> list[str]:
    """I2: the positions of each key are 1 to n, and the stream stands at n."""
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
    found: list[Sent] = []
    for record in await kafka_records(bootstrap):
        envelope = json.loads(record.value)
        found.append(Sent(record.topic, record.key.decode(), envelope["seq"], envelope["id"]))
    return found


async def all_sent(service: Asked, log: Iterable[Sent]) -> list[str]:
    """I3: nothing is unsent; what was written was sent, and what was sent was written."""
    unsent = await service.sql("SELECT count(*) AS count FROM platform.unsent")
    rows = await service.sql("SELECT topic, event_id::text FROM platform.outbox")
    written = {row["event_id"] for row in rows}
    topics = {row["topic"] for row in rows}
    there = {record.event_id for record in log if record.topic in topics}
    found = [f"I3: {unsent[0]['count']} events are unsent"] if unsent[0]["count"] else []
    found += [f"I3: event {event} was never sent" for event in sorted(written - there)]
    return found + [f"I3: event {event} was sent but never written" for event in sorted(there - written)]


def inverted(log: Iterable[Sent]) -> list[str]:
    """I4: of each key, what is sent for the first time follows what was sent before."""
    last: dict[tuple[str, str], int] = defaultdict(int)
    seen: set[str] = set()
    found: list[str] = []
    for record in log:
        at = (record.topic, record.key)
        if record.event_id not in seen and record.seq != last[at] + 1:
            found.append(f"I4: {record.topic} {record.key}: {record.seq} after {last[at]}")
        if record.event_id not in seen:
            last[at] = record.seq
        seen.add(record.event_id)
    return found


async def heard_by_all(services: Mapping[str, Asked]) -> list[str]:
    """I5: each subscription's cursor stands at the last event of each key, by its id; nothing is parked or stopped."""
    told: dict[tuple[str, str], tuple[int, str]] = {}
    for service in services.values():
        for row in await service.sql(
            "SELECT DISTINCT ON (topic, key) topic, key, seq, event_id::text FROM platform.outbox"
            " ORDER BY topic, key, seq DESC"
        ):
            told[row["topic"], row["key"]] = (row["seq"], row["event_id"])
    found: list[str] = []
    for name, service in services.items():
        found += [f"{name}: {fault}" for fault in await heard(name, service, told)]
    return found


async def heard(name: str, service: Asked, told: Mapping[tuple[str, str], tuple[int, str]]) -> list[str]:
    cursors = {
        (row["subscription"], row["topic"], row["key"]): (row["seq"], row["event_id"], row["state"])
        for row in await service.sql(
            "SELECT subscription, topic, key, seq, event_id::text, state FROM platform.cursor"
        )
    }
    parked = await service.sql("SELECT subscription, wire, reason FROM platform.parked")
    found = [f"I5: {row['subscription']} has parked {row['wire']} ({row['reason']})" for row in parked]
    found += [f"I5: {at[0]} stands at {at[1]} {at[2]}" for at, has in cursors.items() if has[2] != "OPEN"]
    found += [
        f"I5: {at[0]} has heard of {at[1]} {at[2]}, of which nobody told"
        for at in cursors
        if at[1:] not in told
    ]
    for subscription in subscriptions_of(name):
        for (topic, key), last in told.items():
            has = cursors.get((subscription.name, topic, key), (0, None, ""))[:2]
            if topic in subscription.topics and has != last and (topic != SEALED_TOPIC or has[0] > last[0]):
                found.append(f"I5: {subscription.name} is at {has[0]} of {last[0]} of {topic} {key}")
    return found
