"""A relay or a consumer of a service pair, in a process of its own."""

import asyncio
import json
import sys
from typing import Any, cast

from shared.database import Database
from shared.messaging.consumer import Consumer
from shared.messaging.relay import Relay
from tests.factories.messaging.databases import PUBLISHER, READER
from tests.factories.messaging.events import build_recorder
from tests.factories.messaging.service_pair import ServicePair
from tests.factories.messaging.transports import LocalTransport, StageTransport


def build_transport(orders: dict[str, Any]) -> StageTransport:
    if orders["transport"] == "local":
        return LocalTransport()
    from tests.factories.messaging.kafka_transport import KafkaTransport

    return KafkaTransport(orders["bootstrap"], orders["group"])


async def run_process(orders: dict[str, Any]) -> None:
    urls = orders["urls"]
    transport = build_transport(orders)
    publisher = Database(urls["publisher_worker"], service=PUBLISHER)
    reader = Database(urls["reader_worker"], service=READER)
    stop = asyncio.Event()
    if orders["part"] == "relay":
        await Relay(publisher.url, PUBLISHER, transport.publisher()).run(stop)
        return
    stage = ServicePair(cast("Any", None), transport, publisher, reader, urls)
    subscription = build_recorder()
    await Consumer(reader, subscription, lambda stored: transport.source(stage, subscription, stored)).run(
        stop
    )


if __name__ == "__main__":
    asyncio.run(run_process(json.loads(sys.argv[1])))
