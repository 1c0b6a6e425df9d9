"""Delivery of events between running services."""

from time import monotonic

import asyncpg

from shared.database import Database
from shared.messaging.consumer import Consumer, read_stored_offsets
from shared.messaging.local import LocalPublisher, LocalSource
from shared.messaging.relay import Relay
from shared.messaging.subscription import Subscription
from tests.factories.services import Running


async def relay(publisher: Running) -> int:
    """Send all unsent events to the one-machine log with the real relay. Return how many."""
    if not await publisher.has_unsent():
        return 0
    runner = Relay(publisher.worker.url, publisher.name, LocalPublisher())
    connection, publisher.reused.relays = publisher.reused.relays, None
    if connection is None or connection.is_closed():
        # Under another name, because running relays share the shards with every relay session.
        settings = {"application_name": "pilar-test", "enable_seqscan": "off"}
        connection = await asyncpg.connect(runner.url, server_settings=settings)
    try:
        await runner.balance_shards(connection)
        total = 0
        while sent := await runner.step(connection):
            total += sent
        await connection.execute("SELECT pg_advisory_unlock_all()")
        return total
    finally:
        if publisher.reused.relays is None:
            publisher.reused.relays = connection
        else:
            await connection.close()


def find_topics(service: Running) -> set[str]:
    """Return the topics that a service publishes."""
    return {f"pilar.{service.name}"} | ({"pilar.sealed"} if service.name == "caseload" else set())


async def apply_records(
    subscriber: Running, subscription: Subscription, publishers: dict[str, Database]
) -> int:
    """Let one subscription read new records of these topics, and return how many."""
    topics = [topic for topic in subscription.topics if topic in publishers]
    if not topics:
        return 0
    places = await read_stored_offsets(subscriber.worker, subscription.name)
    source = LocalSource(publishers, topics, stored=places)
    await source.start(places.offsets, starts=subscription.starts)
    # Measured now, so that the consumer does not measure its lag.
    consumer = Consumer(subscriber.worker, subscription, lambda _: source, measured_at=monotonic())
    total = 0
    while count := await consumer.poll_once(source, places, 0):
        total += count
        places = await read_stored_offsets(subscriber.worker, subscription.name)
    return total


async def deliver(publisher: Running, subscriber: Running, times: int = 1) -> int:
    """Deliver the publisher's events to all subscriptions of the subscriber.

    With `times` > 1 all events are delivered again.
    """
    await relay(publisher)
    total = 0
    for _ in range(times):
        total += await apply_all(publisher, subscriber)
        if times > 1:
            await append_log_again(publisher)
    return total


async def apply_all(publisher: Running, subscriber: Running) -> int:
    """Let all subscriptions of the subscriber read the publisher's new records, and return how many."""
    publishers = dict.fromkeys(find_topics(publisher), publisher.worker)
    return sum([await apply_records(subscriber, one, publishers) for one in subscriber.parts.subscriptions])


async def append_log_again(publisher: Running) -> None:
    """Append the publisher's whole log again, as a republish does."""
    await publisher.sql(
        'INSERT INTO platform.local_log SELECT topic, partition, "offset" + 1 + (SELECT max("offset") FROM'
        " platform.local_log m WHERE m.topic = l.topic AND m.partition = l.partition), outbox_id, recorded_at"
        " FROM platform.local_log l WHERE topic <> 'pilar.sealed'"
    )


async def settle_services(*services: Running) -> None:
    """Run work and deliver events among all services until nothing changes."""
    for turn in range(50):
        moved = sum([await service.work() for service in services])
        sent = [await relay(publisher) for publisher in services]
        # In later turns only records that were sent in this turn are new.
        for publisher in [one for one, count in zip(services, sent, strict=True) if count or turn == 0]:
            for subscriber in services:
                if publisher is not subscriber:
                    moved += await apply_all(publisher, subscriber)
        if not moved + sum(sent):
            return
    message = "the services do not become idle"
    raise AssertionError(message)
