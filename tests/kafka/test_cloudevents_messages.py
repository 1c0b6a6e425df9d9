"""Messages as the CloudEvents reference library reads them."""

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from aiokafka import AIOKafkaConsumer
from cloudevents.core.bindings.kafka import KafkaMessage, from_kafka_event

from shared.database import uuid7
from shared.kafka.brokers import Brokers
from shared.kafka.producer import KafkaPublisher
from shared.messaging.relay import Unsent
from tests.factories.messaging.events import TOPIC, build_record, create_keys
from tests.factories.messaging.kafka_transport import KafkaTransport

pytestmark = [pytest.mark.kafka, pytest.mark.xdist_group("kafka")]
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


async def read_messages(bootstrap: str, count: int) -> list[Any]:
    async with AIOKafkaConsumer(
        TOPIC, bootstrap_servers=bootstrap, auto_offset_reset="earliest", enable_auto_commit=False
    ) as consumer:
        return [await consumer.getone() for _ in range(count)]


async def test_a_message_is_a_structured_cloudevent_in_its_trace(transport: KafkaTransport) -> None:
    (key,) = create_keys(1)
    plain = {"specversion": "1.0", "source": "urn:pilar:registry"} | orjson.loads(build_record(key, 1).value)
    data = plain.pop("data")
    traced = plain | {"traceparent": TRACE}
    # A text of the data is no trace of the event.
    spoofed = plain | {"data": {"reason": f'"traceparent":"{TRACE}","data":'}}
    bodies = [plain | {"data": data}, traced | {"data": data}, spoofed]
    publisher = KafkaPublisher(Brokers(transport.bootstrap))
    rows = [
        Unsent(0, number, datetime.now(UTC), uuid7(), TOPIC, str(key), orjson.dumps(body).decode())
        for number, body in enumerate(bodies, 1)
    ]
    try:
        assert await publisher.publish(None, rows) == set()  # type: ignore[arg-type]
    finally:
        await publisher.close()
    messages = await read_messages(transport.bootstrap, len(bodies))
    headers = [dict(message.headers) for message in messages]
    content = {"content-type": b"application/cloudevents+json"}
    assert headers == [content, content | {"traceparent": TRACE.encode()}, content]
    for message, body in zip(messages, bodies, strict=True):
        event = from_kafka_event(KafkaMessage(dict(message.headers), message.key, message.value))
        assert event.get_id() == body["id"]
        assert event.get_data() == body["data"]
        assert event.get_attributes().get("traceparent") == body.get("traceparent")
