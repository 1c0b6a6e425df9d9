"""Writes of one step, with one statement for each table."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.business.commands import store_anggota_history, store_usaha_history
from services.caseload.dampingan.commands.gap import Gap, fill_gaps, open_gaps
from services.caseload.dampingan.models import GapCause
from services.caseload.identity.commands import seal_consented
from services.caseload.intake.commands.areas import end_moved_dampingan, store_former_areas
from services.caseload.intake.commands.new_rows import FAMILY_COLUMNS, MEMBER_COLUMNS, NewRows
from services.caseload.intake.commands.plan import Plan
from shared import clock
from shared.contracts.kinds import Bansos, DampinganPurpose
from shared.database import raw
from shared.jobs import Job

UPSERT_FAMILIES = """
INSERT INTO kpm (kpm_id, kode_wilayah, sealed_for, address_sealed, phone_sealed, facts, intake_digest,
    facts_until)
SELECT f.kpm_id, f.kode, s.no_kk_index, s.address_sealed, s.phone_sealed, f.facts::jsonb, f.digest,
    f.facts_until
FROM unnest($2::uuid[], $3::bigint[], $4::text[], $5::text[], $6::bytea[], $7::date[])
    AS f(kpm_id, row_no, kode, facts, digest, facts_until)
JOIN staged_row s ON s.job_id = $1 AND s.row_no = f.row_no ORDER BY f.kpm_id
ON CONFLICT (kpm_id) DO UPDATE SET kode_wilayah = EXCLUDED.kode_wilayah, sealed_for = EXCLUDED.sealed_for,
    address_sealed = EXCLUDED.address_sealed, phone_sealed = EXCLUDED.phone_sealed, facts = EXCLUDED.facts,
    intake_digest = EXCLUDED.intake_digest, facts_until = EXCLUDED.facts_until, version = kpm.version + 1, changed_at = clock_timestamp()
"""
# Runs before the members: the unique index allows one pengurus in each statement. Members not in the file have left.
END_MEMBERS = """
UPDATE kpm_anggota SET pengurus = false, left_on = CASE WHEN anggota_id = ANY($2) THEN NULL ELSE $3::date END,
    end_reason = CASE WHEN anggota_id = ANY($2) THEN NULL ELSE 'TIDAK_DALAM_DATA' END
WHERE kpm_id = ANY($1) AND left_on IS NULL AND (pengurus OR NOT anggota_id = ANY($2))
"""
UPSERT_MEMBERS = """
INSERT INTO kpm_anggota (anggota_id, kpm_id, nik_index, nik_sealed, name_sealed, birth_on, sex, relation, married,
    pengurus, joined_on)
SELECT m.anggota_id, m.kpm_id, s.nik_index, s.nik_sealed, s.name_sealed, (s.data->>'birth')::date, s.data->>'sex',
    s.data->>'relation', (s.data->>'married')::boolean, (s.data->>'pengurus')::boolean, $5
FROM unnest($2::uuid[], $3::uuid[], $4::bigint[]) AS m(anggota_id, kpm_id, row_no)
JOIN staged_row s ON s.job_id = $1 AND s.row_no = m.row_no
ON CONFLICT (nik_index) DO UPDATE SET kpm_id = EXCLUDED.kpm_id, nik_sealed = EXCLUDED.nik_sealed,
    name_sealed = EXCLUDED.name_sealed, birth_on = EXCLUDED.birth_on, sex = EXCLUDED.sex,
    relation = EXCLUDED.relation, married = EXCLUDED.married, pengurus = EXCLUDED.pengurus, left_on = NULL,
    end_reason = NULL,
    joined_on = CASE WHEN kpm_anggota.left_on IS NULL THEN kpm_anggota.joined_on ELSE EXCLUDED.joined_on END
"""
UPSERT_DESIL = """
INSERT INTO desil (kpm_id, scope, snapshot, value)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::smallint[])
ON CONFLICT (kpm_id, scope, snapshot) DO UPDATE SET value = EXCLUDED.value, recorded_at = clock_timestamp()
WHERE desil.value <> EXCLUDED.value
"""
UPSERT_USAHA = """
INSERT INTO usaha (usaha_id, kpm_id, anggota_id, sector, started_on, omzet_rp, nib_sealed, has_letter)
SELECT u.id, u.kpm_id, u.anggota_id, s.data->'usaha'->>'sector', (s.data->'usaha'->>'started_on')::date,
    (s.data->'usaha'->>'omzet_rp')::bigint, s.nib_sealed, (s.data->'usaha'->>'has_letter')::boolean
FROM unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::bigint[]) AS u(id, kpm_id, anggota_id, row_no)
JOIN staged_row s ON s.job_id = $1 AND s.row_no = u.row_no
ON CONFLICT (anggota_id) DO UPDATE SET kpm_id = EXCLUDED.kpm_id, sector = EXCLUDED.sector,
    started_on = EXCLUDED.started_on, omzet_rp = EXCLUDED.omzet_rp, nib_sealed = EXCLUDED.nib_sealed,
    has_letter = EXCLUDED.has_letter, as_of = NULL, version = usaha.version + 1, recorded_at = clock_timestamp()
"""
FINISH_TASKS = """
UPDATE tugas SET done_at = $2, done_by = $3, version = version + 1
WHERE kind = 'GANTI_PENGURUS' AND kpm_id = ANY($1) AND done_at IS NULL
"""
END_KOMPONEN = "UPDATE komponen SET valid = daterange(lower(valid), $2::date) WHERE komponen_id = ANY($1)"
DELETE_KOMPONEN = "DELETE FROM komponen WHERE komponen_id = ANY($1)"


async def write(session: AsyncSession, job: Job, plans: Sequence[Plan], today: date) -> None:
    """Write the plans of one step. Exclusion and unique constraints check each decision again."""
    if not plans:
        return
    # Fast path: one statement for each table for the families of a step (bench: intake).
    connection, rows = await raw(session), NewRows(today, await clock.now(session), job)
    for plan in plans:
        rows.add(plan)
    changed = [plan for plan in plans if not plan.new]
    moved = await store_former_areas(session, job, changed, today)
    if changed:
        await change_families(connection, job, changed, today)
    await end_komponen(connection, plans, today)
    await copy(connection, rows, FAMILY_COLUMNS)
    if rows.known_members:
        await store_anggota_history(connection, [anggota_id for anggota_id, _, _ in rows.known_members])
        await connection.execute(UPSERT_MEMBERS, job.job_id, *columns(rows.known_members, 3), today)
    await copy(connection, rows, MEMBER_COLUMNS)
    accompanied = [(plan.kpm_id, today) for plan in plans if plan.dampingan and not plan.new]
    await fill_gaps(session, accompanied, who=job.actor.sub)
    await end_moved_dampingan(session, job, moved)
    await open_gaps(session, [entry_gap(plan, today) for plan in changed if enters_without_pendamping(plan)])
    await finish_pengurus_tasks(session, job, [plan.kpm_id for plan in changed])
    if rows.known_desil:
        await connection.execute(UPSERT_DESIL, *columns(rows.known_desil, 4))
    if rows.known_usaha:
        await store_usaha_history(connection, [usaha_id for usaha_id, _, _, _ in rows.known_usaha])
        await connection.execute(UPSERT_USAHA, job.job_id, *columns(rows.known_usaha, 4))


def enters_without_pendamping(plan: Plan) -> bool:
    """Return whether a known family enters PKH and the file names no pendamping for it."""
    return plan.dampingan is None and any(bansos == Bansos.PKH for _, bansos, _ in plan.kepesertaan)


def entry_gap(plan: Plan, today: date) -> Gap:
    """Return the gap of a family that enters PKH.

    `open_gaps` ignores it if a dampingan covers it.
    """
    return plan.kpm_id, today, GapCause.MASUK_PKH.value, None, DampinganPurpose.PENDAMPINGAN.value


async def finish_pengurus_tasks(session: AsyncSession, job: Job, kpm_ids: Sequence[UUID]) -> None:
    """Finish the tasks to name a pengurus, since a file names one for each family."""
    if kpm_ids:
        # Fast path: one statement for each table for the families of a step (bench: intake).
        connection: Any = await raw(session)
        await connection.execute(FINISH_TASKS, kpm_ids, await clock.now(session), job.actor.sub)
        await seal_consented(session, kpm_ids)


async def copy(connection: Any, rows: NewRows, tables: Mapping[str, Sequence[str]]) -> None:
    """Write new rows with one COPY for each table."""
    for table, names in tables.items():
        if records := rows.tables[table]:
            await connection.copy_records_to_table(
                table, records=records, columns=names, schema_name="public"
            )


async def change_families(connection: Any, job: Job, plans: Sequence[Plan], today: date) -> None:
    """Update known families. Members that are not in the file have left."""
    heads = [p.staged.rows[p.staged.pengurus]["row_no"] for p in plans]
    kpm_ids, facts = [p.kpm_id for p in plans], [orjson.dumps(p.facts).decode() for p in plans]
    kodes, digests, untils = zip(*((p.kode, p.digest, p.next_change_day) for p in plans), strict=True)
    await connection.execute(UPSERT_FAMILIES, job.job_id, kpm_ids, heads, kodes, facts, digests, untils)
    await connection.execute(END_MEMBERS, kpm_ids, [id_ for p in plans for id_ in p.anggota], today)


async def end_komponen(connection: Any, plans: Sequence[Plan], today: date) -> None:
    """End komponen that the file no longer has, before new ones start."""
    if dropped := [id_ for plan in plans for id_ in plan.dropped]:
        await connection.execute(DELETE_KOMPONEN, dropped)
    if ended := [id_ for plan in plans for id_ in plan.ended]:
        await connection.execute(END_KOMPONEN, ended, today)


def columns(rows: Sequence[tuple[Any, ...]], width: int) -> list[list[Any]]:
    """Return rows as `width` columns, also without any row."""
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(width)]
