"""The event that an event answers, its first request and its trace."""

from typing import Any

import orjson
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.registry import PendampingStatusChanged
from shared.messaging import Meta, Received, Subscription, emit
from shared.messaging.envelope import Record
from tests.factories.messaging.events import TOPIC, build_record, build_status_changed, create_keys
from tests.factories.messaging.service_pair import ServicePair

CAUSES = """
SELECT body::json ->> 'subject' AS key, body::json ->> 'causationid' AS cause, body::json ->> 'correlationid' AS request,
    body::json ->> 'traceparent' AS trace FROM platform.outbox
"""


def build_traced(key: object, number: int) -> tuple[Record, tuple[str, str, str, str]]:
    """Return a record of a request with a trace, and what its answer must say."""
    record = build_record(key, 1, offset=number)
    trace = f"00-{number + 1:032x}-{7:016x}-01"
    envelope = orjson.loads(record.value) | {"correlationid": f"request {number}", "traceparent": trace}
    traced = Record(record.topic, record.partition, record.offset, record.key, orjson.dumps(envelope))
    return traced, (str(key), envelope["id"], f"request {number}", trace)


def answer_each() -> Subscription:
    sub = Subscription("received", "reaction", [TOPIC])

    @sub.on(PendampingStatusChanged)
    async def answer(session: AsyncSession, event: PendampingStatusChanged, meta: Meta) -> None:
        emit(session, build_status_changed(event.pendamping_id, f"answer to {meta.seq}"))

    return sub


def answer_together() -> Subscription:
    sub = Subscription("received", "reaction", [TOPIC])

    @sub.on_batch(PendampingStatusChanged)
    async def answer(session: AsyncSession, received: list[Received[Any]]) -> None:
        for one in reversed(received):
            emit(session, build_status_changed(one.event.pendamping_id))

    return sub


@pytest.mark.parametrize("sub", [answer_each(), answer_together()], ids=["one", "batch"])
async def test_an_answer_names_its_event_and_the_first_request(stage: ServicePair, sub: Subscription) -> None:
    traced = [build_traced(key, number) for number, key in enumerate(create_keys(3))]
    await stage.receive(sub, [record for record, _ in traced])
    rows = await stage.query_reader(CAUSES)
    assert sorted(tuple(row) for row in rows) == sorted(expected for _, expected in traced)


async def test_an_event_about_something_else_names_no_event_of_several(stage: ServicePair) -> None:
    """Which of them it answers is not known, so none is named."""
    sub, (other, *keys) = Subscription("received", "reaction", [TOPIC]), create_keys(3)

    @sub.on_batch(PendampingStatusChanged)
    async def answer(session: AsyncSession, received: list[Received[Any]]) -> None:
        assert len(received) == len(keys)
        emit(session, build_status_changed(other))

    await stage.receive(sub, [build_traced(key, number)[0] for number, key in enumerate(keys)])
    (row,) = await stage.query_reader(CAUSES)
    assert (row["key"], row["cause"], row["trace"]) == (str(other), None, None)
