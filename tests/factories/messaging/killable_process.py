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
from tests.factories.messaging.transports import LocalRoad, Road


def road_of(orders: dict[str, Any]) -> Road:
    if orders["road"] == "local":
        return LocalRoad()
    from tests.factories.messaging.kafka_transport import KafkaRoad

    return KafkaRoad(orders["bootstrap"], orders["group"])


async def act(orders: dict[str, Any]) -> None:
    urls = orders["urls"]
    road = road_of(orders)
    teller = Database(urls["teller_worker"], service=TELLER)
    reader = Database(urls["reader_worker"], service=READER)
    stop = asyncio.Event()
    if orders["part"] == "relay":
        await Relay(teller.url, TELLER, road.publisher()).run(stop)
        return
    stage = Stage(cast("Any", None), road, teller, reader, urls)
    subscription = hearer()
    await Consumer(reader, subscription, lambda stored: road.source(stage, subscription, stored)).run(stop)


if __name__ == "__main__":
    asyncio.run(act(json.loads(sys.argv[1])))
