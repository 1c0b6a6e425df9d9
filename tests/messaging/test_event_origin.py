"""A record with the wrong topic, key or source is parked without stopping a key."""

from typing import Any
from uuid import UUID

import orjson
import pytest

from shared.messaging.envelope import Record
from tests.factories.messaging.events import (
    SEALED,
    TOPIC,
    changed,
    keys,
    record_of,
    recorder,
    replica,
    sealed,
)
from tests.factories.messaging.marks import on_every_transport
from tests.factories.messaging.service_pair import ServicePair

URN = "urn:pilar:registry"


def with_envelope(record: Record, **fields: Any) -> Record:
    """Return the record with other fields in its envelope."""
    envelope = orjson.loads(record.value) | fields
    return Record(record.topic, record.partition, record.offset, record.key, orjson.dumps(envelope))


def with_key(record: Record, key: str | None) -> Record:
    """Return the record under another key."""
    return Record(record.topic, record.partition, record.offset, key, record.value)


def forged(how: str, victim: UUID, other: UUID) -> Record:
    """Return a record that would be applied to `victim` if its origin were not compared."""
    good = record_of(victim, 1, offset=0)
    return {
        "topic": lambda: record_of(victim, 1, event=sealed(victim), offset=0),
        "topic of a type unknown here": lambda: with_envelope(good, type="caseload.something_new.v1"),
        "foreign key": lambda: with_key(good, str(other)),
        "no key": lambda: with_key(good, None),
        "body of another": lambda: record_of(victim, 1, event=changed(other), offset=0),
        "source": lambda: with_envelope(good, source="urn:pilar:caseload"),
    }[how]()


@pytest.mark.parametrize(
    ("how", "error"),
    [
        ("topic", "TopicMismatch"),
        ("topic of a type unknown here", "TopicMismatch"),
        ("foreign key", "KeyMismatch"),
        ("no key", "KeyMismatch"),
        ("body of another", "KeyMismatch"),
        ("source", "SourceMismatch"),
    ],
)
async def test_a_record_of_wrong_origin_is_parked_without_stopping_a_key(
    stage: ServicePair, how: str, error: str
) -> None:
    sub, (victim, other, third) = recorder(), keys(3)
    good = [record_of(key, 1, offset=offset) for offset, key in enumerate((victim, other, third), start=1)]
    await stage.receive(sub, [forged(how, victim, other), *good])
    (row,) = await stage.parked()
    assert (row["reason"], row["error"], row["topic"], row["key"]) == ("WRONG_ORIGIN", error, TOPIC, None)
    assert await stage.received() == [(str(key), 1) for key in (victim, other, third)]
    assert await stage.cursor(victim) == (1, 1, "OPEN")


async def test_a_batch_replica_parks_a_body_of_another_key(stage: ServicePair) -> None:
    sub, (victim, other) = replica(), keys(2)
    await stage.receive(sub, [forged("body of another", victim, other), record_of(other, 1, offset=1)])
    assert [row["reason"] for row in await stage.parked("pendamping")] == ["WRONG_ORIGIN"]
    rows = await stage.query_reader("SELECT pendamping_id FROM replica_pendamping.pendamping")
    assert [row["pendamping_id"] for row in rows] == [other]


async def test_a_sealed_event_is_applied_only_from_its_topic_and_publisher(
    stage: ServicePair,
) -> None:
    sub, (key,) = recorder(topics=[SEALED]), keys(1)
    good = record_of(key, 1, event=sealed(key), topic=SEALED, offset=0)
    foreign = record_of(key, 2, topic=SEALED, offset=1)
    await stage.receive(sub, [with_envelope(good, source="urn:pilar:caseload"), foreign])
    assert await stage.received() == [(str(key), 1)]
    assert [row["error"] for row in await stage.parked()] == ["TopicMismatch"]


@on_every_transport
async def test_a_forged_record_in_the_topic_stops_no_key(stage: ServicePair) -> None:
    sub, (victim, other) = recorder(), keys(2)
    bad = forged("body of another", victim, other)
    await stage.transport.append(stage, TOPIC, str(victim), bad.value)
    await stage.emit_and_relay(changed(victim), changed(other))
    await stage.consume(sub)
    assert [(row["reason"], row["error"]) for row in await stage.parked()] == [
        ("WRONG_ORIGIN", "KeyMismatch")
    ]
    assert sorted(await stage.received()) == sorted([(str(victim), 1), (str(other), 1)])
