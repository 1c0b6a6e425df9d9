"""Set-wise writes of one step: a statement a table, whatever the number of families. What is sealed stays in the database."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.commands.intake.deciding import Plan
from shared import clock
from shared.database import raw
from shared.jobs import Job

FAMILIES = """
INSERT INTO kpm (kpm_id, kode_wilayah, sealed_for, address_sealed, phone_sealed, facts, intake_digest)
SELECT f.kpm_id, f.kode, s.no_kk_index, s.address_sealed, s.phone_sealed, f.facts::jsonb, f.digest
FROM unnest($2::uuid[], $3::bigint[], $4::text[], $5::text[], $6::bytea[]) AS f(kpm_id, row_no, kode, facts, digest)
JOIN staged_row s ON s.job_id = $1 AND s.row_no = f.row_no ORDER BY f.kpm_id
ON CONFLICT (kpm_id) DO UPDATE SET kode_wilayah = EXCLUDED.kode_wilayah, sealed_for = EXCLUDED.sealed_for,
    address_sealed = EXCLUDED.address_sealed, phone_sealed = EXCLUDED.phone_sealed, facts = EXCLUDED.facts,
    intake_digest = EXCLUDED.intake_digest, version = kpm.version + 1, changed_at = clock_timestamp()
"""
CARDS = """
INSERT INTO kpm_no_kk (kpm_no_kk_id, kpm_id, no_kk_index, no_kk_sealed, valid)
SELECT uuidv7(), f.kpm_id, s.no_kk_index, s.no_kk_sealed, daterange($4, NULL)
FROM unnest($2::uuid[], $3::bigint[]) AS f(kpm_id, row_no) JOIN staged_row s ON s.job_id = $1 AND s.row_no = f.row_no
"""
# Before the members: one pengurus a family holds at every statement, and who is not in the file has left.
LEAVERS = """
UPDATE kpm_anggota SET pengurus = false, left_on = CASE WHEN anggota_id = ANY($2) THEN NULL ELSE $3::date END
WHERE kpm_id = ANY($1) AND left_on IS NULL AND (pengurus OR NOT anggota_id = ANY($2))
"""
MEMBERS = """
INSERT INTO kpm_anggota (anggota_id, kpm_id, nik_index, nik_sealed, name_sealed, birth_on, sex, relation, married,
    pengurus, joined_on)
SELECT m.anggota_id, m.kpm_id, s.nik_index, s.nik_sealed, s.name_sealed, (s.data->>'birth')::date, s.data->>'sex',
    s.data->>'relation', (s.data->>'married')::boolean, (s.data->>'pengurus')::boolean, $5
FROM unnest($2::uuid[], $3::uuid[], $4::bigint[]) AS m(anggota_id, kpm_id, row_no)
JOIN staged_row s ON s.job_id = $1 AND s.row_no = m.row_no
ON CONFLICT (nik_index) DO UPDATE SET kpm_id = EXCLUDED.kpm_id, nik_sealed = EXCLUDED.nik_sealed,
    name_sealed = EXCLUDED.name_sealed, birth_on = EXCLUDED.birth_on, sex = EXCLUDED.sex,
    relation = EXCLUDED.relation, married = EXCLUDED.married, pengurus = EXCLUDED.pengurus, left_on = NULL,
    joined_on = CASE WHEN kpm_anggota.left_on IS NULL THEN kpm_anggota.joined_on ELSE EXCLUDED.joined_on END
"""
DROPPED_KOMPONEN = """
DELETE FROM komponen WHERE kpm_id = ANY($1) AND lower(valid) = $2::date
    AND NOT EXISTS (SELECT FROM unnest($3::uuid[], $4::text[], $5::date[]) AS w(anggota_id, kind, until)
        WHERE w.anggota_id = komponen.anggota_id AND w.kind = komponen.kind AND w.until IS NOT DISTINCT FROM upper(valid))
"""
ENDED_KOMPONEN = """
UPDATE komponen SET valid = daterange(lower(valid), $2::date)
WHERE kpm_id = ANY($1) AND valid @> $2::date AND lower(valid) < $2::date
    AND NOT EXISTS (SELECT FROM unnest($3::uuid[], $4::text[], $5::date[]) AS w(anggota_id, kind, until)
        WHERE w.anggota_id = komponen.anggota_id AND w.kind = komponen.kind AND w.until IS NOT DISTINCT FROM upper(valid))
"""
KOMPONEN = """
INSERT INTO komponen (komponen_id, kpm_id, anggota_id, kind, valid)
SELECT uuidv7(), w.kpm_id, w.anggota_id, w.kind, daterange($5, w.until)
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::date[]) AS w(kpm_id, anggota_id, kind, until)
WHERE (w.until IS NULL OR w.until > $5) AND NOT EXISTS (SELECT FROM komponen k
    WHERE k.anggota_id = w.anggota_id AND k.kind = w.kind AND k.valid @> $5::date)
"""
DESIL = """
INSERT INTO desil (kpm_id, scope, snapshot, value)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::smallint[])
ON CONFLICT (kpm_id, scope, snapshot) DO UPDATE SET value = EXCLUDED.value, recorded_at = clock_timestamp()
WHERE desil.value <> EXCLUDED.value
"""
KEPESERTAAN = """
INSERT INTO kepesertaan (kepesertaan_id, kpm_id, bansos, valid)
SELECT k.id, k.kpm_id, k.bansos, daterange(k.first, NULL)
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::date[]) AS k(id, kpm_id, bansos, first)
"""
USAHA = """
INSERT INTO usaha (usaha_id, kpm_id, anggota_id, sector, started_on, omzet_rp, nib_sealed, has_letter)
SELECT u.id, u.kpm_id, u.anggota_id, s.data->'usaha'->>'sector', (s.data->'usaha'->>'started_on')::date,
    (s.data->'usaha'->>'omzet_rp')::bigint, s.nib_sealed, (s.data->'usaha'->>'has_letter')::boolean
FROM unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::bigint[]) AS u(id, kpm_id, anggota_id, row_no)
JOIN staged_row s ON s.job_id = $1 AND s.row_no = u.row_no
ON CONFLICT (anggota_id) DO UPDATE SET kpm_id = EXCLUDED.kpm_id, sector = EXCLUDED.sector,
    started_on = EXCLUDED.started_on, omzet_rp = EXCLUDED.omzet_rp, nib_sealed = EXCLUDED.nib_sealed,
    has_letter = EXCLUDED.has_letter, recorded_at = clock_timestamp()
"""
DAMPINGAN = """
INSERT INTO dampingan (dampingan_id, kpm_id, penugasan_id, pendamping_id, kind, purpose, valid)
SELECT d.id, d.kpm_id, d.penugasan_id, d.pendamping_id, 'PKH_PENDAMPING', 'PENDAMPINGAN', daterange($5, NULL)
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[]) AS d(id, kpm_id, penugasan_id, pendamping_id)
"""
HISTORY = """
INSERT INTO kpm_history (history_id, kpm_id, subject, subject_id, act, who, why, detail, occurred_at)
SELECT uuidv7(), h.kpm_id, 'kpm', h.kpm_id, h.act, $3, 'intake', $4::text::jsonb, $5
FROM unnest($1::uuid[], $2::text[]) AS h(kpm_id, act)
"""


async def write(session: AsyncSession, job: Job, plans: Sequence[Plan], today: date) -> None:
    """Write the plans of one step. The exclusion and unique constraints stand behind every decision."""
    connection = await raw(session)
    if not plans:
        return
    await write_families(connection, job, plans, today)
    await write_komponen(connection, plans, today)
    data = [(p, p.staged.data[p.staged.pengurus]) for p in plans]
    desil = [
        (p.kpm_id, scope, snapshot, value) for p, said in data for scope, snapshot, value in said["desil"]
    ]
    await connection.execute(DESIL, *columns(desil, 4))
    memberships = [(id_, p.kpm_id, bansos, first) for p in plans for id_, bansos, first in p.kepesertaan]
    await connection.execute(KEPESERTAAN, *columns(memberships, 4))
    usaha = [(id_, p.kpm_id, p.anggota[n], p.staged.rows[n]["row_no"]) for p in plans for id_, n in p.usaha]
    await connection.execute(USAHA, job.job_id, *columns(usaha, 4))
    taken = [(p.dampingan[0], p.kpm_id, *p.dampingan[1:]) for p in plans if p.dampingan]
    await connection.execute(DAMPINGAN, *columns(taken, 4), today)
    acts = ["REGISTERED" if p.new else "UPDATED" for p in plans]
    detail, now = orjson.dumps({"job_id": str(job.job_id)}).decode(), await clock.now(session)
    await connection.execute(HISTORY, [p.kpm_id for p in plans], acts, job.actor.sub, detail, now)


async def write_families(connection: Any, job: Job, plans: Sequence[Plan], today: date) -> None:
    """Write families, their cards and their members."""
    heads = [p.staged.rows[p.staged.pengurus]["row_no"] for p in plans]
    kpm_ids, facts = [p.kpm_id for p in plans], [orjson.dumps(p.facts).decode() for p in plans]
    kodes, digests = [p.kode for p in plans], [p.digest for p in plans]
    await connection.execute(FAMILIES, job.job_id, kpm_ids, heads, kodes, facts, digests)
    new = [(p.kpm_id, head) for p, head in zip(plans, heads, strict=True) if p.new]
    await connection.execute(CARDS, job.job_id, *columns(new, 2), today)
    members = [
        (anggota_id, p.kpm_id, row["row_no"])
        for p in plans
        for anggota_id, row in zip(p.anggota, p.staged.rows, strict=True)
    ]
    if changed := [p.kpm_id for p in plans if not p.new]:
        await connection.execute(LEAVERS, changed, [member[0] for member in members], today)
    await connection.execute(MEMBERS, job.job_id, *columns(members, 3), today)


async def write_komponen(connection: Any, plans: Sequence[Plan], today: date) -> None:
    """End what the file no longer has, and begin what it has anew."""
    wanted = [
        (p.kpm_id, anggota_id, kind, date.fromisoformat(until) if until else None)
        for p in plans
        for anggota_id, data in zip(p.anggota, p.staged.data, strict=True)
        for kind, until in data["komponen"]
    ]
    kpm_ids, *kept = columns(wanted, 4)
    if changed := [p.kpm_id for p in plans if not p.new]:
        await connection.execute(DROPPED_KOMPONEN, changed, today, *kept)
        await connection.execute(ENDED_KOMPONEN, changed, today, *kept)
    await connection.execute(KOMPONEN, kpm_ids, *kept, today)


def columns(rows: Sequence[tuple[Any, ...]], width: int) -> list[list[Any]]:
    """Return rows as columns, also when there are none."""
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(width)]
