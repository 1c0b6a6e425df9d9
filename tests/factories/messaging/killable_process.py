"""A relay or a consumer in its own process, so that it can be killed."""

import asyncio
import json
import sys
from typing import Any, cast

from shared.database import Database
from shared.messaging.consumer import Consumer
from shared.messaging.relay import Relay
from tests.factories.messaging.databases import READER, TELLER
from tests.factories.messaging.events import hearer
from tests.factories.messaging.service_pair import Stage
from tests.factories.messaging.transports import LocalTransport, Transport


def transport_of(orders: dict[str, Any]) -> Transport:
    if orders["transport"] == "local":
        return LocalTransport()
    from tests.factories.messaging.kafka_transport import KafkaTransport

    return KafkaTransport(orders["bootstrap"], orders["group"])


async def act(orders: dict[str, Any]) -> None:
    urls = orders["urls"]
    transport = transport_of(orders)
    teller = Database(urls["teller_worker"], service=TELLER)
    reader = Database(urls["reader_worker"], service=READER)
    stop = asyncio.Event()
    if orders["part"] == "relay":
        await Relay(teller.url, TELLER, transport.publisher()).run(stop)
        return
    stage = Stage(cast("Any", None), transport, teller, reader, urls)
    subscription = hearer()
    await Consumer(reader, subscription, lambda stored: transport.source(stage, subscription, stored)).run(
        stop
    )


if __name__ == "__main__":
    asyncio.run(act(json.loads(sys.argv[1])))
