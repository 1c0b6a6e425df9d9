"""A relay or a consumer of a service pair, in a process of its own."""

import asyncio
import json
import sys
from typing import Any, cast

from shared.database import Database
from shared.messaging.consumer import Consumer
from shared.messaging.relay import Relay
from tests.factories.messaging.databases import PUBLISHER, READER
from tests.factories.messaging.events import recorder
from tests.factories.messaging.service_pair import ServicePair
from tests.factories.messaging.transports import LocalTransport, StageTransport


def transport_of(orders: dict[str, Any]) -> StageTransport:
    if orders["transport"] == "local":
        return LocalTransport()
    from tests.factories.messaging.kafka_transport import KafkaTransport

    return KafkaTransport(orders["bootstrap"], orders["group"])


async def act(orders: dict[str, Any]) -> None:
    urls = orders["urls"]
    transport = transport_of(orders)
    publisher = Database(urls["publisher_worker"], service=PUBLISHER)
    reader = Database(urls["reader_worker"], service=READER)
    stop = asyncio.Event()
    if orders["part"] == "relay":
        await Relay(publisher.url, PUBLISHER, transport.publisher()).run(stop)
        return
    stage = ServicePair(cast("Any", None), transport, publisher, reader, urls)
    subscription = recorder()
    await Consumer(reader, subscription, lambda stored: transport.source(stage, subscription, stored)).run(
        stop
    )


if __name__ == "__main__":
    asyncio.run(act(json.loads(sys.argv[1])))
