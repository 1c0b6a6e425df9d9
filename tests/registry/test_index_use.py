"""A page of a list reads few rows for every actor and filter."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from services.registry.pendamping.models import Pendamping
from services.registry.pendamping.queries import select_pendamping
from shared import schema
from shared.access import Actor, Role, Scope
from shared.contracts.kinds import PilarKind
from shared.http.operations import ParkedItem
from tests.factories.services import Running

# A page of 50 and one more row.
PAGE = 51
# Filters and the areas of an actor may add some hundreds of rows to a page.
MOST_ROWS = 1_500
# 40,000 pendamping: half are PKH_PENDAMPING, 1 in 200 is PORDAM, 1 in 400 is on leave. Their numbers are random.
ROWS = """
SET session_replication_role = replica;
CREATE TEMP TABLE n AS SELECT i, md5('p' || i)::uuid AS p, md5('q' || i)::uuid AS q,
  (11 + i % 30) || '.' || (10 + i % 17) || '.0' || (1 + i % 9) || '.200' || i % 10 AS area FROM generate_series(1, 40000) AS i;
INSERT INTO pendamping (pendamping_id, pendamping_no, subject, nik_index, nik_sealed, name_sealed, status, status_from_on,
  version, registered_at, registered_by) SELECT p, 'PD-' || upper(left(md5('x' || i), 9)), 'PERSON', i::text::bytea, '', '',
  CASE WHEN i % 400 = 0 THEN 'CUTI' ELSE 'AKTIF' END, '2025-10-03', 1, now(), 'x' FROM n;
INSERT INTO penugasan (penugasan_id, pendamping_id, kind, ditjen, employer_status, sk_no, sk_on, valid_from, version)
  SELECT q, p, CASE WHEN i % 200 = 1 THEN 'PORDAM' WHEN i % 2 = 0 THEN 'PKH_PENDAMPING' ELSE 'TKSK' END, 'LINJAMSOS', 'PPPK',
  '1', '2025-10-03', '2025-10-03', 1 FROM n;
INSERT INTO wilayah_tugas (wilayah_tugas_id, penugasan_id, pendamping_id, kode_wilayah, valid_from, valid_to, version)
  SELECT md5('w' || i)::uuid, q, p, area, '2025-10-03', NULL, 1 FROM n;
INSERT INTO platform.parked (subscription, topic, key, partition, "offset", body, reason)
  SELECT CASE WHEN i % 400 = 0 THEN 'credit' ELSE 'load' END, 'pilar.caseload', p::text, 0, i, '', 'BEHIND' FROM n;
INSERT INTO platform.job (job_id, kind, actor_sub, actor) SELECT md5('j' || i)::uuid, 'x', 'x', '{}' FROM n WHERE i <= 40;
INSERT INTO platform.job_row_error (job_id, row, number, code, reason) SELECT md5('j' || 1 + i % 40)::uuid, i, 1, 'X', '{}' FROM n;
ANALYZE
"""
NUMBER = Pendamping.__table__.c.pendamping_no
FILTERS: list[dict[str, Any]] = [
    {},
    {"status": "CUTI"},
    {"status": "AKTIF"},
    {"kind": PilarKind.PKH_PENDAMPING},
    {"kind": PilarKind.PORDAM},
    {"kode_wilayah": "33.24"},
    {"status": "AKTIF", "kind": PilarKind.TKSK},
]
ACTORS = {
    "ministry": Actor("m", frozenset({Role.KEMENSOS}), ("*",), scope=Scope.NATIONAL),
    "dinsos": Actor("d", frozenset({Role.DINSOS_KABKOTA}), ("33.24",), scope=Scope.AREA),
}


async def select_lists(session: Any, actor_name: str) -> Iterator[tuple[str, Any, Any]]:
    """Return name, select and order of each list of pendamping and of the platform."""
    lists = []
    for filters in FILTERS:
        arguments = {"status": None, "kind": None, "kode_wilayah": None} | filters
        statement = await select_pendamping(session, ACTORS[actor_name], **arguments)
        lists.append((f"{actor_name} {filters}", statement, (NUMBER,)))
    parked, errors = schema.parked, schema.job_row_error
    shown = sa.select(*(parked.c[name] for name in ParkedItem.model_fields))
    for name in ("credit", "load"):
        statement = shown.where(parked.c.subscription == name)
        lists.append((f"parked {name}", statement, (parked.c.parked_id,)))
    lists.append(("parked", shown, (parked.c.parked_id,)))
    of_job = sa.select(errors).where(errors.c.job_id == sa.func.md5("j7").cast(sa.Uuid()))
    lists.append(("errors", of_job, (errors.c.row, errors.c.number)))
    return iter(lists)


async def count_rows_read(session: Any, statement: Any, order: Any) -> int:
    """Return the rows that the plan read from tables and indexes, including filtered rows."""
    compiled = (
        statement.order_by(*order)
        .limit(PAGE)
        .compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True})
    )
    explain = f"EXPLAIN (ANALYZE, FORMAT JSON) {compiled}".replace(":", "\\:").replace("\\:\\:", "::")
    plan = await session.scalar(sa.text(explain))
    nodes, total = [(json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]], 0
    while nodes:
        node = nodes.pop()
        nodes += node.get("Plans", [])
        if "Scan" in node["Node Type"] and "Plans" not in node:
            rows = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
            total += round(rows * node["Actual Loops"])
    return total


@pytest.mark.timeout(200)
async def test_no_page_of_a_list_reads_many_more_rows_than_it_shows(registry: Running) -> None:
    await registry.execute(ROWS)
    too_many: dict[str, int] = {}
    for actor_name, actor in ACTORS.items():
        async with registry.database.transaction(actor) as session:
            # With 40,000 rows the planner sometimes prefers a sequential scan. The test checks that none is needed.
            await session.execute(sa.text("SET LOCAL enable_seqscan = off"))
            for name, statement, order in await select_lists(session, actor_name):
                rows = await count_rows_read(session, statement, order)
                too_many |= {name: rows} if rows > MOST_ROWS else {}
    assert too_many == {}
