"""The lists use indexes for every caller, by the plans of PostgreSQL over generated rows."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.dialects import postgresql

from services.graduation.candidate import queries as candidate_queries
from services.graduation.candidate.queries import CandidateRule
from services.graduation.case.models import Graduasi
from services.graduation.exit_proposal import queries as exit_proposal_queries
from services.graduation.exit_proposal.models import ExitProposal
from services.graduation.monitoring import queries as monitoring_queries
from services.graduation.monitoring.models import MonitoringTask
from services.graduation.monitoring.queries import COUNTS, SURVIVAL, TaskFilter, filter_by_areas
from services.graduation.objection import queries as objection_queries
from services.graduation.objection.models.sanggah import Sanggah
from services.graduation.objection.queries import SanggahFilter
from services.graduation.policy.models.policy import Policy
from services.graduation.worklist import queries as worklist_queries
from shared.access import Actor, Role, Scope
from shared.contracts.kinds import DesilScope
from tests.factories.services import Running

# Families of fifty pendamping over as many kecamatan, half of their cases at an end; the order of ids says nothing.
ROWS = """
SET session_replication_role = replica;
CREATE TEMP TABLE n AS SELECT i, md5('k' || i)::uuid AS kpm_id, md5('g' || i)::uuid AS graduasi_id,
  (11 + j % 30) || '.' || (10 + j % 5) || '.' || '0' || (1 + j % 9) || '.200' || i % 10 AS area, md5('p' || j)::uuid AS p,
  md5('q' || j)::uuid AS q, (ARRAY['TERIDENTIFIKASI', 'DIUSULKAN', 'DIMUSYAWARAHKAN', 'DISETUJUI_DINSOS', 'DISANGGAH',
  'PEMANTAUAN', 'DITUNDA', 'DITOLAK', 'DITOLAK', 'DITOLAK', 'DITOLAK', 'DITOLAK'])[1 + (i * 7919) % 12] AS state
  FROM generate_series(1, 20000) AS i, LATERAL (SELECT i / 400 AS j) AS o;
INSERT INTO graduasi (graduasi_id, kpm_id, kepesertaan_id, bansos, exit_reason, kode_wilayah, policy_id, policy_version,
  state, postponed_from, since_on, opened_in, opened_by, opened_at, version) SELECT graduasi_id, kpm_id, graduasi_id, 'PKH', 'SEJAHTERA_MANDIRI',
  area, '019a0000-0000-7000-8000-000000000101', 1, state, CASE state WHEN 'DITUNDA' THEN 'DIUSULKAN' END, date '2026-01-01' + i % 300,
  area, p::text, now(), 5 FROM n;
INSERT INTO replica_kpm.dampingan (dampingan_id, kpm_id, kode_wilayah, pendamping_id, penugasan_id, purpose, valid_from, valid_to)
  SELECT md5('d' || i)::uuid, kpm_id, area, p, q, 'PENDAMPINGAN', '2025-01-01', NULL FROM n;
INSERT INTO replica_pendamping.penugasan (penugasan_id, pendamping_id, kind, valid_from, valid_to)
  SELECT DISTINCT q, p, 'PKH_PENDAMPING', date '2025-01-01', NULL::date FROM n;
INSERT INTO replica_pendamping.wilayah_tugas (wilayah_tugas_id, penugasan_id, pendamping_id, kode_wilayah, valid_from, valid_to)
  SELECT md5('w' || q::text)::uuid, q, p, min(left(area, 8)), date '2025-01-01', NULL::date FROM n GROUP BY q, p;
INSERT INTO stage_act (graduasi_id, kode_wilayah, stage, person, sub, role, four_people, at)
  SELECT graduasi_id, area, 'USUL', p::text, 'x', 'PENDAMPING', false, now() FROM n;
INSERT INTO monitoring_task (task_id, graduasi_id, kpm_id, kode_wilayah, kind, month, opens_on, due_on, recorded_on, still_out, version)
  SELECT md5('t' || i || m)::uuid, graduasi_id, kpm_id, area, 'BULANAN', m, date '2026-01-01' + m * 30, date '2026-02-01' + m * 30,
  CASE WHEN i % 12 <> 5 THEN date '2026-05-01' END, CASE WHEN i % 12 <> 5 THEN true END, 1 FROM n, generate_series(1, 3) AS m;
INSERT INTO sanggah (sanggah_id, graduasi_id, kpm_id, kode_wilayah, lodged_on, lodged_by, channel, ground, evidence_sha256, typed_by,
  typed_by_sub, typed_on, at, suspends, lodger_ref, state) SELECT md5('s' || i)::uuid, graduasi_id, kpm_id, area, date '2026-05-01' + i % 60, 'KELUARGA', 'DESA', 'LAINNYA',
  repeat('a', 64), 'x', 'x', date '2026-06-01', now(), true, 'x', CASE WHEN i % 9 = 0 THEN 'DIAJUKAN' ELSE 'DITOLAK' END FROM n;
INSERT INTO sanggah_scan (scan_id, sanggah_id, graduasi_id, kode_wilayah, evidence_sha256, added_by, added_by_sub, added_on, at)
  SELECT sanggah_id, sanggah_id, graduasi_id, kode_wilayah, evidence_sha256, typed_by, typed_by_sub, typed_on, at FROM sanggah;
INSERT INTO replica_kpm.candidate (kepesertaan_id, kpm_id, kode_wilayah, kabkota, bansos, member_since, counted_since, able_productive,
  lansia, disabilitas, last_komponen_ends_on, rank_nas, rank_prov, rank_kabkota, usaha_since) SELECT md5('c' || i)::uuid, kpm_id, area, left(area, 5), 'PKH',
  date '2016-01-01' + i % 3000, date '2016-01-01' + i % 3000, 1, 0, 0, date '2027-03-01' + i % 4000, 4 + i % 7, 4, 4, CASE WHEN i % 3 = 0 THEN date '2023-01-01' END FROM n;
INSERT INTO exit_proposal (exit_proposal_id, kpm_id, kepesertaan_id, kode_wilayah, bansos, exit_reason, evidence_sha256, proposer,
  proposed_on, occurred_on, received_at, taken) SELECT md5('x' || i)::uuid, kpm_id, kpm_id, area, 'PKH', 'PINDAH', repeat('a', 64), p::text,
  '2026-05-01', '2026-05-01', now(), 'NO_POLICY' FROM n;
INSERT INTO sk (sk_id, sk_no, sk_on, announced_on, cases, determined_by, at) SELECT md5('k' || y)::uuid, y::text,
  make_date(y, 5, 18), make_date(y, 5, 18), 1, 'x', now() FROM generate_series(2021, 2026) AS y;
INSERT INTO penetapan (graduasi_id, sk_id, usul_id, kode_wilayah, announced_on, term_ends_on, effective_tahap, effective_on,
  last_payable_tahap) SELECT graduasi_id, md5('k' || 2021 + i % 6)::uuid, graduasi_id, area, date '2026-05-18', date '2026-06-17', '2026-3',
  date '2026-07-01', '2026-2' FROM n;
INSERT INTO certificate (certificate_no, graduasi_id, kode_wilayah, issued_on)
  SELECT 'GR-' || i, graduasi_id, area, date '2026-06-18' FROM n;
ANALYZE
"""


def build_callers(pendamping_id: UUID) -> dict[str, Actor]:
    return {
        "field": Actor("p", frozenset({Role.PENDAMPING}), ("14.13",), pendamping_id=pendamping_id),
        "team": Actor("t", frozenset({Role.KETUA_TIM_KABKOTA}), ("14.13",), scope=Scope.AREA),
        "dinsos": Actor("d", frozenset({Role.DINSOS_KABKOTA}), ("14.13",), scope=Scope.AREA),
        "ministry": Actor("m", frozenset({Role.KEMENSOS}), ("*",), scope=Scope.NATIONAL),
    }


# Of these alone the rows of a generated table are few enough beside all of it, so that an index pays.
OFFICIALS = frozenset({Role.KETUA_TIM_KABKOTA, Role.DINSOS_KABKOTA})


async def select_lists(session: Any, caller: Actor) -> dict[str, tuple[Any, tuple[Any, ...]]]:
    """Each list's statement and its order, as its route has them."""
    cases = await worklist_queries.select_cases(session, caller, waiting=True)
    tasks = await monitoring_queries.select_tasks(session, caller, TaskFilter(mine=True))
    objections = await objection_queries.select_sanggah(
        session, caller, SanggahFilter(None, None, waiting=True)
    )
    exits = (
        await exit_proposal_queries.select_exit_proposals(session, caller),
        (ExitProposal.exit_proposal_id,),
    )
    return {
        "graduasi": (cases, (Graduasi.since_on, Graduasi.graduasi_id)),
        "monitoring_task": (tasks, (MonitoringTask.due_on, MonitoringTask.task_id)),
        "sanggah": (objections, (Sanggah.lodged_on, Sanggah.sanggah_id)),
        **({"exit_proposal": exits} if caller.roles <= OFFICIALS else {}),
    }


async def read_plan(session: Any, statement: Any, order: tuple[Any, ...]) -> str:
    sql = statement.order_by(*order).limit(51)
    compiled = sql.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True})
    lines = await session.execute(text(f"EXPLAIN {compiled}".replace(":", "\\:")))
    return "\n".join(row[0] for row in lines)


def build_rules() -> dict[str, CandidateRule]:
    """Return rules with one, two or three required reasons, and the natural one."""
    three = {"candidate_desil_scope": DesilScope.NAS, "candidate_desil_at_least": 5}
    three |= {"candidate_usaha_months": 6, "candidate_program_years": 5}
    policies = {f"{n} of 3": Policy(**three, candidate_reasons=n) for n in (1, 2, 3)}
    policies["by nature"] = Policy(candidate_komponen_months=3, candidate_reasons=1)
    return {name: CandidateRule(policy, date(2027, 1, 6), None, 3) for name, policy in policies.items()}


async def test_candidate_lists_use_indexes_for_every_rule(graduation: Running) -> None:
    await graduation.execute(ROWS)
    pendamping_id = (await graduation.sql("SELECT md5('p7')::uuid"))[0][0]
    wrong: list[str] = []
    for who, caller in build_callers(UUID(str(pendamping_id))).items():
        for name, rule in build_rules().items():
            async with graduation.database.transaction(caller) as session:
                statement = candidate_queries.select_candidates(caller, rule, None, None)
                plan = await read_plan(session, statement, rule.order)
            ranked = who not in {"dinsos", "team"} or name != "3 of 3" or "rank_nas <= 6" in index_cond(plan)
            if "Seq Scan on candidate" in plan or not ranked:
                wrong.append(f"{who}: {name}\n{plan}")
    assert not wrong, "\n\n".join(wrong)


def index_cond(plan: str) -> str:
    return " ".join(line for line in plan.splitlines() if "Index Cond" in line)


async def test_cohort_of_an_area_uses_indexes(graduation: Running) -> None:
    await graduation.execute(ROWS)
    asked = {"year": 2026, "today": date(2027, 7, 1)}
    scanned: list[str] = []
    for who, area in (("dinsos", None), ("ministry", "14.13")):
        caller = build_callers(UUID(int=7))[who]
        for sql in (COUNTS, SURVIVAL):
            statement, areas = filter_by_areas(f"EXPLAIN {sql}", caller, area)
            values = asked if sql is SURVIVAL else {"year": 2026}
            async with graduation.database.transaction(caller) as session:
                lines = await session.execute(statement, {**values, **areas})
                plan = "\n".join(row[0] for row in lines)
            seq_scans = [
                f"Seq Scan on {table}" in plan for table in ("penetapan", "graduasi", "monitoring_task")
            ]
            scanned += [f"{who}\n{plan}"] if any(seq_scans) else []
    assert not scanned, "\n\n".join(scanned)


@pytest.mark.timeout(200)
async def test_lists_use_indexes_for_every_caller(graduation: Running) -> None:
    await graduation.execute(ROWS)
    pendamping_id = (await graduation.sql("SELECT md5('p7')::uuid"))[0][0]
    scanned: list[str] = []
    for who, caller in build_callers(UUID(str(pendamping_id))).items():
        async with graduation.database.transaction(caller) as session:
            for table, (statement, order) in (await select_lists(session, caller)).items():
                plan = await read_plan(session, statement, order)
                scanned += [f"{who}: {table}\n{plan}"] if f"Seq Scan on {table}" in plan else []
    assert not scanned, "\n\n".join(scanned)


async def test_list_of_kemensos_is_read_in_index_order(graduation: Running) -> None:
    await graduation.execute(ROWS)
    caller = build_callers(UUID(int=7))["ministry"]
    async with graduation.database.transaction(caller) as session:
        # So few rows would be sorted as cheaply; over millions the order has to come from the index.
        await session.execute(text("SET LOCAL enable_sort = off"))
        statement, order = (await select_lists(session, caller))["graduasi"]
        plan = await read_plan(session, statement, order)
    assert "ix_graduasi_waiting_for_ministry" in plan, plan
    assert "Sort" not in plan, plan
