"""Scorecards and coverage read no table whole, and a rebuilt replica shows the same figures under the same rights."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import asyncpg
import pytest
from sqlalchemy import event

from shared.messaging.local import LocalSource
from shared.messaging.rebuild import Rebuild
from tests.factories.registry import commands, events
from tests.factories.registry.events import TOPICS, Offer, determined, hear, scorecard
from tests.factories.services import Running

# Small by nature: one row a kind and year, or a few a pendamping; read with whatever plan is cheapest.
SMALL = {"target", "pilar_kind"}


@contextmanager
def listened(registry: Running) -> Iterator[list[tuple[str, tuple[Any, ...]]]]:
    """Every statement that the API sends, with its values."""
    asked: list[tuple[str, tuple[Any, ...]]] = []

    def listen(_: Any, __: Any, statement: str, values: tuple[Any, ...], *___: Any) -> None:
        asked.append((statement, values))

    engine = registry.database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", listen)
    try:
        yield asked
    finally:
        event.remove(engine, "before_cursor_execute", listen)


async def whole_reads(connection: asyncpg.Connection, statement: str, values: tuple[Any, ...]) -> set[str]:
    """Tables that a statement can read only whole: with sequential scans forbidden, it still has one."""
    plan = await connection.fetchval(f"EXPLAIN (FORMAT JSON) {statement}", *values)
    found: set[str] = set()
    waiting = [json.loads(plan)[0]["Plan"]]
    while waiting:
        node = waiting.pop()
        waiting += node.get("Plans", [])
        if node["Node Type"] == "Seq Scan":
            found.add(node["Relation Name"])
    return found - SMALL


@pytest.mark.parametrize("role", ["KEMENSOS", "DINSOS_KABKOTA", "PENDAMPING"])
async def test_no_figure_needs_a_whole_table(registry: Running, role: str) -> None:
    person, _ = await commands.placed(registry)
    token = registry.token(
        role,
        areas=["*" if role == "KEMENSOS" else "33.24"],
        pendamping_id=person["pendamping_id"] if role == "PENDAMPING" else None,
    )
    with listened(registry) as asked:
        await scorecard(registry, person, as_=token)
        path = "/v1/coverage?kode_wilayah=33.24.09&year=2026"
        commands.made(await registry.get(path, as_=token))
        commands.made(await registry.get(f"/v1/pendamping/{person['pendamping_id']}", as_=token))
    reads = [
        (statement, values)
        for statement, values in asked
        if "replica_" in statement or "penugasan" in statement
    ]
    assert len(reads) >= 8
    connection = await asyncpg.connect(registry.settings.database_url)
    try:
        await connection.execute("SET enable_seqscan = off; SET jit = off")
        for statement, values in reads:
            assert await whole_reads(connection, statement, values) == set(), statement
    finally:
        await connection.close()


async def test_a_figure_without_an_index_would_be_seen(registry: Running) -> None:
    person, _ = await commands.placed(registry)
    await registry.sql("DROP INDEX replica_graduasi.ix_graduasi_pendamping_id_sk_on")
    with listened(registry) as asked:
        await scorecard(registry, person)
    connection = await asyncpg.connect(registry.settings.database_url)
    try:
        await connection.execute("SET enable_seqscan = off")
        found = [await whole_reads(connection, *one) for one in asked if "replica_graduasi" in one[0]]
        assert {"graduasi"} in found
    finally:
        await connection.close()


POLICIES = """
SELECT schemaname, tablename, policyname, qual, with_check FROM pg_policies ORDER BY 1, 2
"""


async def test_a_rebuilt_replica_shows_the_same_figures_under_the_same_rights(registry: Running) -> None:
    person, held = await commands.placed(registry)
    case = determined(person, kode_wilayah="35.03.01.2001")
    way, family = events.opened(case), events.family()
    await hear(
        registry,
        *(case, events.graduated(case), events.seen(case, 1), way, Offer(way).answered("DISETUJUI")),
        *(family, events.member(family), events.visit(person, held, date(2026, 1, 2))),
        events.dampingan(person, held, valid_from=date(2026, 1, 1), kpm_id=family.kpm_id),
        *(events.session(person, held, date(2026, 1, 3), 9, 8), events.credit(person, held)),
        events.crossed(person, held, 451, "ABOVE"),
    )
    readers = [
        commands.ministry(registry),
        registry.token("DINSOS_KABKOTA", areas=["33.24"]),
        registry.token("PENDAMPING", areas=["33.25"], pendamping_id=person["pendamping_id"]),
    ]
    before = [await scorecard(registry, person, as_=reader) for reader in readers]
    policies = [tuple(row) for row in await registry.sql(POLICIES)]
    await registry.sql(f'GRANT CREATE ON DATABASE "{registry.database_name}" TO registry_owner')
    for subscription in registry.parts.subscriptions:
        publishers = dict.fromkeys(
            (topic for topic in subscription.topics if topic in TOPICS), registry.worker
        )

        def source(stored: Any, publishers: Any = publishers) -> LocalSource:
            return LocalSource(publishers, list(publishers), stored=stored)

        owner = registry.settings.owner_database_url
        await Rebuild(str(owner), "registry", registry.worker, subscription, source).run()
    assert [await scorecard(registry, person, as_=reader) for reader in readers] == before
    assert [tuple(row) for row in await registry.sql(POLICIES)] == policies
