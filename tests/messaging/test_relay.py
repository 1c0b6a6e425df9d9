"""The relay sends all events in order, with several relays and after a kill."""

import asyncio
import itertools
import random
from collections import Counter
from pathlib import Path
from uuid import UUID

import orjson
import pytest

from shared.access import Actor
from shared.messaging import emit
from shared.messaging.relay import Unsent, rows_to_clear
from tests.factories.messaging.databases import PUBLISHER
from tests.factories.messaging.events import (
    TOPIC,
    build_identity_sealed,
    build_recorder,
    build_status_changed,
    create_keys,
)
from tests.factories.messaging.marks import on_every_transport
from tests.factories.messaging.service_pair import LONGEST_WAIT, ServicePair, wait_until

EVENTS, KEYS, WRITERS, RELAYS, ROLLED_BACK = 20_000, 200, 12, 3, 0.05
PER_COMMIT = 20


class Undone(Exception):
    """A command that fails after it emitted."""


async def emit_batches(
    stage: ServicePair, emitted_keys: list[UUID], seed: int, left: "itertools.count[int]"
) -> int:
    """Commit batches of events over random keys, five of a hundred rolled back."""
    chance, committed = random.Random(seed), 0
    while next(left) < EVENTS // PER_COMMIT:
        chosen = [chance.choice(emitted_keys) for _ in range(PER_COMMIT)]
        if chance.random() < ROLLED_BACK:
            with pytest.raises(Undone):
                await roll_back(stage, chosen)
        await stage.emit(*(build_status_changed(key) for key in chosen))
        committed += PER_COMMIT
    return committed


async def roll_back(stage: ServicePair, chosen: list[UUID]) -> None:
    async with stage.publisher.transaction(Actor.system(PUBLISHER)) as session:
        for key in chosen:
            emit(session, build_status_changed(key, "ghost"))
        raise Undone


async def is_all_sent(stage: ServicePair) -> bool:
    return not await stage.query_publisher("SELECT FROM platform.unsent LIMIT 1")


@on_every_transport
async def test_three_relays_under_twelve_writers_keep_order_and_lose_nothing(stage: ServicePair) -> None:
    emitted_keys, left = create_keys(KEYS), itertools.count()
    for _ in range(RELAYS):
        stage.start_relay()
    committed = sum(
        await asyncio.gather(*(emit_batches(stage, emitted_keys, seed, left) for seed in range(WRITERS)))
    )
    await wait_until(lambda: is_all_sent(stage))
    records = await stage.read_log()
    envelopes = [orjson.loads(record.value) for record in records]
    assert committed == EVENTS
    assert not any(envelope["data"]["reason"] == "ghost" for envelope in envelopes)
    seen: dict[str, int] = {}
    for envelope in envelopes:
        last = seen.get(envelope["subject"], 0)
        assert envelope["seq"] <= last + 1, f"{envelope['subject']}: {envelope['seq']} after {last}"
        seen[envelope["subject"]] = max(last, envelope["seq"])
    assert sum(seen.values()) == EVENTS
    assert len(envelopes) == EVENTS, "as long as nothing fails, nobody sends what another has sent"
    assert len({envelope["id"] for envelope in envelopes}) == EVENTS


async def test_each_shard_has_one_owner_and_each_relay_its_share(stage: ServicePair) -> None:
    stops = [stage.start_relay() for _ in range(RELAYS)]

    async def read_shares() -> list[int]:
        rows = await stage.query_publisher(
            "SELECT pid, count(*) AS n FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid = $1"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) GROUP BY pid",
            0x50494C52,
        )
        return sorted(row["n"] for row in rows)

    async def is_fair() -> bool:
        return await read_shares() == [8, 8, 8]

    await wait_until(is_fair)
    await stage.stop_task(stops[0])

    async def is_taken_over() -> bool:
        return await read_shares() == [12, 12]

    await wait_until(is_taken_over)


@on_every_transport
async def test_a_relay_killed_between_send_and_clear_loses_nothing_and_duplicates_are_dropped(
    stage: ServicePair, tmp_path: Path
) -> None:
    token = tmp_path / "armed"
    token.touch()
    emitted_keys = create_keys(30)
    for number in range(4):
        await stage.emit(*(build_status_changed(key, number) for key in emitted_keys))
    child = stage.start_process("relay", f"relay.sent=kill:{token}")
    assert await asyncio.to_thread(child.wait, LONGEST_WAIT) == -9
    assert len(await stage.query_publisher("SELECT FROM platform.unsent")) == 120
    stage.start_process("relay", f"relay.sent=kill:{token}")
    await wait_until(lambda: is_all_sent(stage))
    sub = build_recorder()
    await stage.consume(sub)
    received = await stage.read_received()
    assert Counter(received) == Counter((str(key), seq) for key in emitted_keys for seq in range(1, 5))
    assert await stage.read_parked() == []
    assert len(await stage.read_log()) >= 120


@on_every_transport
async def test_a_sealed_body_is_cleared_and_never_sent_again(stage: ServicePair) -> None:
    """With Kafka it is cleared once sent, with the local transport once applied."""
    (key,) = create_keys(1)
    await stage.emit_and_relay(build_status_changed(key), build_identity_sealed(key))
    await stage.consume(build_recorder(topics=[build_identity_sealed(key).topic]))

    async def is_cleared() -> bool:
        return not await stage.query_publisher(
            "SELECT FROM platform.outbox WHERE topic = 'pilar.sealed' AND body IS NOT NULL"
        )

    await wait_until(is_cleared)
    assert [
        tuple(row)
        for row in await stage.query_publisher("SELECT topic, body IS NULL FROM platform.outbox ORDER BY 1")
    ] == [
        (TOPIC, False),
        (build_identity_sealed(key).topic, True),
    ]
    assert len(await stage.read_received()) == 1


@on_every_transport
async def test_an_expired_sealed_body_does_not_stop_the_relay(stage: ServicePair) -> None:
    """Housekeeping clears an unsent sealed body after seven days."""
    first, second = create_keys(2)
    await stage.emit(build_identity_sealed(first))
    await stage.query_publisher("UPDATE platform.outbox SET body = NULL")
    await stage.emit(build_status_changed(second))
    await stage.relay()
    assert await is_all_sent(stage)
    assert len(await stage.read_log()) == 1


def test_only_rows_before_the_first_failure_of_a_key_are_cleared() -> None:
    rows = [Unsent(0, number, None, None, TOPIC, key, "") for number, key in enumerate("ababa")]
    assert [row.outbox_id for row in rows_to_clear(rows, {2})] == [0, 1, 3]
    assert rows_to_clear(rows, {0, 1}) == []
