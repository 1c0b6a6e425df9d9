"""A record with the wrong topic, key or source is parked without stopping a key."""

from typing import Any
from uuid import UUID

import orjson
import pytest

from shared.messaging.envelope import Record
from tests.factories.messaging.events import (
    SEALED,
    TOPIC,
    build_identity_sealed,
    build_record,
    build_recorder,
    build_replica,
    build_status_changed,
    create_keys,
)
from tests.factories.messaging.marks import on_every_transport
from tests.factories.messaging.service_pair import ServicePair

URN = "urn:pilar:registry"


def replace_envelope(record: Record, **fields: Any) -> Record:
    """Return the record with other fields in its envelope."""
    envelope = orjson.loads(record.value) | fields
    return Record(record.topic, record.partition, record.offset, record.key, orjson.dumps(envelope))


def replace_key(record: Record, key: str | None) -> Record:
    """Return the record under another key."""
    return Record(record.topic, record.partition, record.offset, key, record.value)


def build_forged_record(how: str, victim: UUID, other: UUID) -> Record:
    """Return a record that would be applied to `victim` if its origin were not compared."""
    good = build_record(victim, 1, offset=0)
    return {
        "topic": lambda: build_record(victim, 1, event=build_identity_sealed(victim), offset=0),
        "topic of a type unknown here": lambda: replace_envelope(good, type="caseload.something_new.v1"),
        "foreign key": lambda: replace_key(good, str(other)),
        "no key": lambda: replace_key(good, None),
        "body of another": lambda: build_record(victim, 1, event=build_status_changed(other), offset=0),
        "source": lambda: replace_envelope(good, source="urn:pilar:caseload"),
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
    sub, (victim, other, third) = build_recorder(), create_keys(3)
    good = [build_record(key, 1, offset=offset) for offset, key in enumerate((victim, other, third), start=1)]
    await stage.receive(sub, [build_forged_record(how, victim, other), *good])
    (row,) = await stage.read_parked()
    assert (row["reason"], row["error"], row["topic"], row["key"]) == ("WRONG_ORIGIN", error, TOPIC, None)
    assert await stage.read_received() == [(str(key), 1) for key in (victim, other, third)]
    assert await stage.read_cursor(victim) == (1, 1, "OPEN")


async def test_a_batch_replica_parks_a_body_of_another_key(stage: ServicePair) -> None:
    sub, (victim, other) = build_replica(), create_keys(2)
    await stage.receive(
        sub, [build_forged_record("body of another", victim, other), build_record(other, 1, offset=1)]
    )
    assert [row["reason"] for row in await stage.read_parked("pendamping")] == ["WRONG_ORIGIN"]
    rows = await stage.query_reader("SELECT pendamping_id FROM replica_pendamping.pendamping")
    assert [row["pendamping_id"] for row in rows] == [other]


async def test_a_sealed_event_is_applied_only_from_its_topic_and_publisher(
    stage: ServicePair,
) -> None:
    sub, (key,) = build_recorder(topics=[SEALED]), create_keys(1)
    good = build_record(key, 1, event=build_identity_sealed(key), topic=SEALED, offset=0)
    foreign = build_record(key, 2, topic=SEALED, offset=1)
    await stage.receive(sub, [replace_envelope(good, source="urn:pilar:caseload"), foreign])
    assert await stage.read_received() == [(str(key), 1)]
    assert [row["error"] for row in await stage.read_parked()] == ["TopicMismatch"]


@on_every_transport
async def test_a_forged_record_in_the_topic_stops_no_key(stage: ServicePair) -> None:
    sub, (victim, other) = build_recorder(), create_keys(2)
    bad = build_forged_record("body of another", victim, other)
    await stage.transport.append(stage, TOPIC, str(victim), bad.value)
    await stage.emit_and_relay(build_status_changed(victim), build_status_changed(other))
    await stage.consume(sub)
    assert [(row["reason"], row["error"]) for row in await stage.read_parked()] == [
        ("WRONG_ORIGIN", "KeyMismatch")
    ]
    assert sorted(await stage.read_received()) == sorted([(str(victim), 1), (str(other), 1)])
