"""Scorecards and coverage read tables by index, and a rebuilt replica gives the same figures."""

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
from tests.factories.registry.events import build_graduasi_determined, deliver_events, read_scorecard
from tests.factories.registry.rujukan import Offer, build_rujukan_opened
from tests.factories.services import Running

# These tables have few rows, so the planner may scan them.
SMALL_TABLES = {"target", "pilar_kind"}


@contextmanager
def record_statements(registry: Running) -> Iterator[list[tuple[str, tuple[Any, ...]]]]:
    """Record the statements that the API sends, with their values."""
    statements: list[tuple[str, tuple[Any, ...]]] = []

    def record(_: Any, __: Any, statement: str, values: tuple[Any, ...], *___: Any) -> None:
        statements.append((statement, values))

    engine = registry.database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", record)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", record)


async def read_scanned_tables(
    connection: asyncpg.Connection, statement: str, values: tuple[Any, ...]
) -> set[str]:
    """Return the tables with a sequential scan in the plan, although such scans are disabled."""
    plan = await connection.fetchval(f"EXPLAIN (FORMAT JSON) {statement}", *values)
    tables: set[str] = set()
    nodes = [json.loads(plan)[0]["Plan"]]
    while nodes:
        node = nodes.pop()
        nodes += node.get("Plans", [])
        if node["Node Type"] == "Seq Scan":
            tables.add(node["Relation Name"])
    return tables - SMALL_TABLES


@pytest.mark.parametrize("role", ["KEMENSOS", "DINSOS_KABKOTA", "PENDAMPING"])
async def test_no_figure_scans_a_table(registry: Running, role: str) -> None:
    pendamping, _ = await commands.register_placed_pendamping(registry)
    token = registry.token(
        role,
        areas=["*" if role == "KEMENSOS" else "33.24"],
        pendamping_id=pendamping["pendamping_id"] if role == "PENDAMPING" else None,
    )
    with record_statements(registry) as statements:
        await read_scorecard(registry, pendamping, as_=token)
        path = "/v1/coverage?kode_wilayah=33.24.09&year=2026"
        commands.expect_ok(await registry.get(path, as_=token))
        commands.expect_ok(await registry.get(f"/v1/pendamping/{pendamping['pendamping_id']}", as_=token))
    reads = [
        (statement, values)
        for statement, values in statements
        if "replica_" in statement or "penugasan" in statement
    ]
    assert len(reads) >= 8
    connection = await asyncpg.connect(registry.settings.database_url)
    try:
        await connection.execute("SET enable_seqscan = off; SET jit = off")
        for statement, values in reads:
            assert await read_scanned_tables(connection, statement, values) == set(), statement
    finally:
        await connection.close()


async def test_a_missing_index_is_detected(registry: Running) -> None:
    pendamping, _ = await commands.register_placed_pendamping(registry)
    await registry.sql("DROP INDEX replica_graduasi.ix_graduasi_pendamping_id_sk_on")
    with record_statements(registry) as statements:
        await read_scorecard(registry, pendamping)
    connection = await asyncpg.connect(registry.settings.database_url)
    try:
        await connection.execute("SET enable_seqscan = off")
        scanned = [
            await read_scanned_tables(connection, statement, values)
            for statement, values in statements
            if "replica_graduasi" in statement
        ]
        assert {"graduasi"} in scanned
    finally:
        await connection.close()


POLICIES = """
SELECT schemaname, tablename, policyname, qual, with_check FROM pg_policies ORDER BY 1, 2
"""


async def test_a_rebuilt_replica_gives_the_same_figures_with_the_same_row_security(registry: Running) -> None:
    pendamping, penugasan = await commands.register_placed_pendamping(registry)
    case = build_graduasi_determined(pendamping, kode_wilayah="35.03.01.2001")
    rujukan, family = build_rujukan_opened(case), events.build_kpm_registered()
    await deliver_events(
        registry,
        *(case, events.build_kpm_graduated(case), events.build_monitoring_recorded(case, 1)),
        *(rujukan, Offer(rujukan).build_answered("DISETUJUI")),
        *(family, events.build_kepesertaan_started(family)),
        events.build_kunjungan_recorded(pendamping, penugasan, date(2026, 1, 2)),
        events.build_dampingan_started(
            pendamping, penugasan, valid_from=date(2026, 1, 1), kpm_id=family.kpm_id
        ),
        events.build_p2k2_held(pendamping, penugasan, date(2026, 1, 3), 9, 8),
        events.build_credit_granted(pendamping, penugasan),
        events.build_limit_crossed(pendamping, penugasan, 451, "ABOVE"),
    )
    tokens = [
        commands.ministry_token(registry),
        registry.token("DINSOS_KABKOTA", areas=["33.24"]),
        registry.token("PENDAMPING", areas=["33.25"], pendamping_id=pendamping["pendamping_id"]),
    ]
    before = [await read_scorecard(registry, pendamping, as_=token) for token in tokens]
    policies = [tuple(row) for row in await registry.sql(POLICIES)]
    await registry.sql(f'GRANT CREATE ON DATABASE "{registry.database_name}" TO registry_owner')
    for subscription in registry.parts.subscriptions:
        if subscription.name == "audit":  # a reaction, and no replica
            continue
        publishers = dict.fromkeys(subscription.topics, registry.worker)

        def source(stored: Any, publishers: Any = publishers) -> LocalSource:
            return LocalSource(publishers, list(publishers), stored=stored)

        owner = registry.settings.owner_database_url
        await Rebuild(str(owner), "registry", registry.worker, subscription, source).run()
    assert [await read_scorecard(registry, pendamping, as_=token) for token in tokens] == before
    assert [tuple(row) for row in await registry.sql(POLICIES)] == policies
