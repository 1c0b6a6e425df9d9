"""PostgreSQL's plans for the lists of officials use an index."""

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.dialects import postgresql

from services.caseload.application.models import Usulan
from services.caseload.application.queries import list_usulan
from services.caseload.dampingan.models import DampinganGap
from services.caseload.dampingan.queries import list_gaps
from services.caseload.exit_proposal.models import ExitProposal
from services.caseload.exit_proposal.queries import list_exit_proposals
from services.caseload.family.models import Kpm
from services.caseload.membership.models import KepesertaanPending
from services.caseload.membership.queries import list_pending
from services.caseload.overview.queries.worklist import list_families
from services.caseload.task.models import Tugas
from services.caseload.task.queries import list_tugas
from shared import clock
from shared.access import Actor, Role, Scope
from shared.http.changes import select_changes
from tests.factories.services import Running

# Families of five hundred kabupaten, with two bansos each; of one in ten somebody has to do something, most is done.
ROWS = """
SET session_replication_role = replica;
CREATE TEMP TABLE n AS SELECT i, md5('k' || i)::uuid AS kpm_id, (11 + j / 20) || '.' || (10 + j % 20) || '.0' || (1 + i % 9)
  || '.200' || i % 10 AS area FROM generate_series(1, 40000) AS i, LATERAL (SELECT i % 500 AS j) AS o;
INSERT INTO kpm (kpm_id, kode_wilayah, sealed_for, facts) SELECT kpm_id, area, '\\x00', '{"members": 1}' FROM n;
INSERT INTO kepesertaan (kepesertaan_id, kpm_id, bansos, valid)
  SELECT md5(b || i)::uuid, kpm_id, b, '[2020-01-01,)' FROM n, (VALUES ('PKH'), ('PBI')) AS v(b);
INSERT INTO dampingan (dampingan_id, kpm_id, penugasan_id, pendamping_id, kind, purpose, valid)
  SELECT md5('d' || i)::uuid, kpm_id, md5('q' || i % 500)::uuid, md5('p' || i % 500)::uuid, 'PKH_PENDAMPING', 'PENDAMPINGAN',
  '[2025-01-01,)' FROM n WHERE i % 10 <> 0;
INSERT INTO tugas (tugas_id, kpm_id, kind, cause_id, due_on, opened_on, done_at, done_by)
  SELECT md5('t' || i || c)::uuid, kpm_id, 'GANTI_PENGURUS', md5('c' || c)::uuid, date '2026-01-01' + i * 7919 % 300, '2026-01-01',
  CASE WHEN (i + c) % 10 <> 0 THEN now() END, CASE WHEN (i + c) % 10 <> 0 THEN 'x' END FROM n, generate_series(1, 2) AS c;
INSERT INTO dampingan_gap (gap_id, kpm_id, since, until, cause, purpose)
  SELECT md5('g' || i || c)::uuid, kpm_id, date '2026-01-01' + c, CASE WHEN c = 1 THEN date '2026-01-02' END, 'BELUM_ADA',
  'PENDAMPINGAN' FROM n, generate_series(1, 2) AS c WHERE c = 1 OR i % 10 = 0;
INSERT INTO kepesertaan_pending (pending_id, kpm_id, kepesertaan_id, graduasi_id, since, outcome, decided_by, decided_on)
  SELECT md5('w' || i)::uuid, kpm_id, md5('PBI' || i)::uuid, md5('x' || i)::uuid, '2026-01-01', o, CASE WHEN o IS NOT NULL THEN 'x' END,
  CASE WHEN o IS NOT NULL THEN date '2026-02-01' END
  FROM n, LATERAL (SELECT CASE WHEN i % 10 <> 0 THEN 'STAYS' END AS o) AS s WHERE i % 2 = 0;
INSERT INTO usulan (usulan_id, kpm_id, bansos, ground, reason_sealed, lodged_on, lodged_by, lodged_by_sub, state, version, changed_at)
  SELECT md5('u' || i)::uuid, kpm_id, 'PKH', 'KAMBUH', '\\x00', '2026-01-01', 'x', 'x', 'LODGED', 1, now() FROM n WHERE i % 10 = 0;
INSERT INTO exit_proposal (exit_proposal_id, kpm_id, kepesertaan_id, bansos, exit_reason, evidence_sha256, happened_on, proposer,
  proposer_sub, proposed_on, state, changed_at) SELECT md5('e' || i)::uuid, kpm_id, md5('PBI' || i)::uuid, 'PBI', 'PINDAH', repeat('a', 64),
  '2026-01-01', 'x', 'x', '2026-01-01', 'PROPOSED', now() FROM n WHERE i % 10 = 0;
ANALYZE
"""
CALLERS = {
    "dinsos of a kabupaten": Actor("d", frozenset({Role.DINSOS_KABKOTA}), ("14.13",), scope=Scope.AREA),
    "ministry": Actor("m", frozenset({Role.KEMENSOS}), ("*",), scope=Scope.NATIONAL),
}
PAGE = 51
# Of a kabupaten's 80 families and the 4,000 or more open rows of the country: neither is walked through for one page.
MOST_ROWS = 1000


async def select_lists(session: Any, caller: Actor) -> dict[str, tuple[Any, tuple[Any, ...]]]:
    """Return each list's statement and order, as in its route."""
    today = await clock.today(session)
    tasks = await list_tugas(session, caller, open_only=True, kind=None, kode_wilayah=None)
    proposals = await list_exit_proposals(session, caller, kpm_id=None, state=None, waiting=None)
    return {
        "tugas": (tasks, (Tugas.due_on, Tugas.tugas_id)),
        "dampingan_gap": (await list_gaps(session, caller, None), (DampinganGap.gap_id,)),
        "kepesertaan_pending": (list_pending(caller, today, None), (KepesertaanPending.pending_id,)),
        "usulan": (list_usulan(caller, today, None, None), (Usulan.usulan_id,)),
        "exit_proposal": (proposals, (ExitProposal.exit_proposal_id,)),
    }


async def read_plan(session: Any, statement: Any, order: tuple[Any, ...]) -> str:
    expected = statement.order_by(*order).limit(PAGE)
    compiled = expected.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True})
    query = re.sub(r"@> ('[0-9-]+')", r"@> date \1", str(compiled)).replace(":", "\\:")
    lines = await session.execute(text(f"EXPLAIN (ANALYZE, TIMING OFF) {query}"))
    return "\n".join(row[0] for row in lines)


def count_most_rows(plan: str) -> int:
    """Return the most rows that one node of a plan read, including filtered ones."""
    seen = [
        int(float(rows) * int(loops)) for rows, loops in re.findall(r"actual rows=([\d.]+) loops=(\d+)", plan)
    ]
    return max(seen + [int(rows) for rows in re.findall(r"Rows Removed by (?:Join )?Filter: (\d+)", plan)])


@pytest.mark.timeout(300)
@pytest.mark.parametrize("who", CALLERS)
async def test_lists_of_officials_use_an_index(caseload: Running, who: str) -> None:
    await caseload.execute(ROWS)
    (last,) = await caseload.sql("SELECT clock_timestamp() AS instant")
    await caseload.execute("UPDATE tugas SET due_on = due_on WHERE tugas_id::text < '0010'; ANALYZE tugas")
    caller, slow = CALLERS[who], list[str]()
    async with caseload.database.transaction(caller) as session:
        lists = await select_lists(session, caller)
        for table, (statement, order) in lists.items():
            plan = await read_plan(session, statement, order)
            if f"Seq Scan on {table}" in plan or count_most_rows(plan) > MOST_ROWS:
                slow.append(f"{table}: {count_most_rows(plan)} rows\n{plan}")
        del lists["dampingan_gap"]  # It has no changes: only the gaps of today are listed.
        families, _ = await list_families(session, caller, kode_wilayah=None, pendamping_id=None, status=None)
        for table, (statement, order) in (lists | {"kpm": (families, (Kpm.kpm_id,))}).items():
            changes = select_changes(
                statement, order[-1], last["instant"], last["instant"] + timedelta(days=1)
            )
            plan = await read_plan(session, *changes)
            if f"ix_{table}_updated_at" not in plan or count_most_rows(plan) > MOST_ROWS:
                slow.append(f"changes of {table}: {count_most_rows(plan)} rows\n{plan}")
    assert slow == [], "\n".join(slow)


@pytest.mark.timeout(300)
async def test_list_of_pendamping_stops_after_its_page(caseload: Running) -> None:
    # Rows count as seen by all only once their commit is in the log.
    await caseload.execute(f"SET synchronous_commit = on; {ROWS}")
    await caseload.execute("VACUUM ANALYZE dampingan")
    (row,) = await caseload.sql(
        "SELECT pendamping_id FROM dampingan JOIN kpm USING (kpm_id) WHERE kode_wilayah LIKE '14.13%' LIMIT 1"
    )
    holder: UUID = row["pendamping_id"]
    caller = Actor(
        "p", frozenset({Role.PENDAMPING}), ("14.13",), pendamping_id=holder, scope=Scope.OWN_FAMILIES
    )
    async with caseload.database.transaction(caller) as session:
        expected = {"kode_wilayah": None, "pendamping_id": None, "status": None}
        plan = await read_plan(session, *await list_families(session, caller, **expected))
    assert "Index Only Scan using ix_dampingan_pendamping_id" in plan, plan
    # The status of a listed family reads its two memberships.
    assert count_most_rows(plan) <= 2 * PAGE, plan
