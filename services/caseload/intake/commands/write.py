"""Writes of one block, with one statement for each table."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.business.commands.usaha import (
    end_businesses,
    store_anggota_history,
    store_usaha_history,
)
from services.caseload.dampingan.commands.gap import Gap, fill_gaps, open_gaps
from services.caseload.dampingan.commands.loads import add_weight
from services.caseload.dampingan.models import GapCause
from services.caseload.family.models import EndReason, Kpm
from services.caseload.history import append_history
from services.caseload.identity.commands import seal_consented
from services.caseload.intake.commands.areas import end_moved_dampingan, store_former_areas
from services.caseload.intake.commands.blocks import Block
from services.caseload.intake.commands.file_day import set_file_day
from services.caseload.intake.commands.new_rows import FAMILY_COLUMNS, MEMBER_COLUMNS, NewRows
from services.caseload.intake.commands.outcome import Outcome
from services.caseload.intake.commands.plan import Plan
from services.caseload.member.commands.ends import MemberEnd, end_members
from services.caseload.member.commands.numbers import NikCorrection, correct_niks, replace_card
from services.caseload.tables import Source
from services.caseload.task.commands import append_done
from shared import clock
from shared.contracts.kinds import Bansos, DampinganPurpose, UsahaEndReason
from shared.database import raw, vault_of
from shared.jobs import Job
from shared.privacy import Nik

UPDATE_FAMILIES = """
UPDATE kpm SET kode_wilayah = f.kode, facts = f.facts::jsonb, facts_until = f.facts_until,
    address_sealed = CASE f.address WHEN 'CLEAR' THEN NULL WHEN 'SET' THEN coalesce(f.address_sealed, kpm.address_sealed)
        ELSE kpm.address_sealed END,
    phone_sealed = CASE f.phone WHEN 'CLEAR' THEN NULL WHEN 'SET' THEN coalesce(f.phone_sealed, kpm.phone_sealed)
        ELSE kpm.phone_sealed END,
    intake_digest = CASE WHEN kpm.intake_as_of > $10 THEN kpm.intake_digest ELSE f.digest END,
    version = kpm.version + 1
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bytea[], $5::date[], $6::text[], $7::text[], $8::bytea[], $9::bytea[])
    AS f(kpm_id, kode, facts, digest, facts_until, address, phone, address_sealed, phone_sealed)
WHERE kpm.kpm_id = f.kpm_id
"""
# Runs before the members: the unique index allows one pengurus in each statement.
CLEAR_PENGURUS = (
    "UPDATE kpm_anggota SET pengurus = false WHERE kpm_id = ANY($1) AND pengurus AND left_on IS NULL"
)
# A member without a row of the file has no index. A name is sealed with the NIK of its row.
UPDATE_MEMBERS = """
UPDATE kpm_anggota a SET kpm_id = m.kpm_id, birth_on = m.birth, sex = m.sex, relation = m.relation,
    married = m.married, pengurus = m.pengurus, left_on = NULL, end_reason = NULL,
    name_sealed = CASE WHEN m.nik_index = a.nik_index THEN coalesce(m.name_sealed, a.name_sealed)
        ELSE a.name_sealed END,
    joined_on = CASE WHEN a.left_on IS NULL THEN a.joined_on ELSE $10 END
FROM unnest($1::uuid[], $2::uuid[], $3::bytea[], $4::bytea[], $5::date[], $6::text[], $7::text[], $8::boolean[],
    $9::boolean[]) AS m(anggota_id, kpm_id, nik_index, name_sealed, birth, sex, relation, married, pengurus)
WHERE a.anggota_id = m.anggota_id
"""
UPSERT_DESIL = """
INSERT INTO desil (kpm_id, scope, snapshot, value, as_of, source)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::smallint[], $5::date[], $6::text[])
ON CONFLICT (kpm_id, scope, snapshot) DO UPDATE SET value = EXCLUDED.value, recorded_at = clock_timestamp()
WHERE desil.value <> EXCLUDED.value
"""
UPSERT_USAHA = """
INSERT INTO usaha (usaha_id, kpm_id, anggota_id, sector, started_on, omzet_rp, has_letter, nib_sealed, as_of, source)
SELECT u.id, u.kpm_id, u.anggota_id, u.sector, u.started_on, u.omzet_rp, u.has_letter,
    CASE WHEN u.has_nib THEN u.nib_sealed END, $10, 'FILE'
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bytea[], $5::text[], $6::date[], $7::bigint[], $8::boolean[],
    $9::boolean[]) AS u(id, kpm_id, anggota_id, nib_sealed, sector, started_on, omzet_rp, has_letter, has_nib)
ON CONFLICT (anggota_id) WHERE ended_on IS NULL DO UPDATE SET kpm_id = EXCLUDED.kpm_id, sector = EXCLUDED.sector,
    started_on = EXCLUDED.started_on, omzet_rp = EXCLUDED.omzet_rp, has_letter = EXCLUDED.has_letter,
    nib_sealed = CASE WHEN usaha.usaha_id = ANY($11) THEN NULL ELSE coalesce(EXCLUDED.nib_sealed, usaha.nib_sealed) END,
    version = usaha.version + 1, recorded_at = clock_timestamp()
"""
SET_NIBS = """
UPDATE usaha SET nib_sealed = u.nib_sealed FROM unnest($1::uuid[], $2::bytea[]) AS u(usaha_id, nib_sealed)
WHERE usaha.usaha_id = u.usaha_id AND u.nib_sealed IS NOT NULL
"""
FINISH_TASKS = """
UPDATE tugas SET done_at = $2, done_by = $3, version = version + 1
WHERE kind = 'GANTI_PENGURUS' AND kpm_id = ANY($1) AND done_at IS NULL
RETURNING kpm_id, tugas_id, kind
"""
END_KOMPONEN = "UPDATE komponen SET valid = daterange(lower(valid), $2::date) WHERE komponen_id = ANY($1)"
DELETE_KOMPONEN = "DELETE FROM komponen WHERE komponen_id = ANY($1)"


async def write(session: AsyncSession, job: Job, block: Block, today: date) -> list[Kpm]:
    """Write one block, and return the families that have moved.

    Exclusion and unique constraints check each decision again.
    """
    # Fast path: one statement for each table for the families of a block (bench: intake).
    connection, plans, rows = await raw(session), block.plans, block.rows
    changed = [plan for plan in plans if not plan.new]
    moved = await store_former_areas(session, job, changed, today)
    if changed:
        await change_families(session, job, changed)
        await end_missing(session, changed, rows, today)
    await end_komponen(connection, plans, today)
    await copy(connection, rows, FAMILY_COLUMNS)
    await write_known_members(session, job, plans, rows, today)
    await copy(connection, rows, MEMBER_COLUMNS)
    await fill_gaps(session, job.actor, [(plan.kpm_id, today) for plan in changed if plan.dampingan])
    if rows.known_desil:
        await connection.execute(UPSERT_DESIL, *columns(rows.known_desil, 6))
    await write_known_usaha(connection, rows)
    return moved


async def write_consequences(session: AsyncSession, job: Job, outcome: Outcome, moved: Sequence[Kpm]) -> None:
    """Write what follows from all blocks of a step."""
    today, changed = outcome.known.today, [plan for plan in outcome.plans if not plan.new]
    await add_weight(session, outcome.loads, outcome.added, outcome.limit)
    await end_moved_dampingan(session, job, moved)
    await open_gaps(session, [entry_gap(plan, today) for plan in changed if enters_without_pendamping(plan)])
    await finish_pengurus_tasks(session, job, [plan.kpm_id for plan in changed])
    await set_file_day(session, job, [*outcome.plans, *outcome.unwritten])


async def write_known_members(
    session: AsyncSession, job: Job, plans: Sequence[Plan], rows: NewRows, today: date
) -> None:
    """Correct NIK, then update the known members."""
    await correct_numbers(session, job, plans)
    if rows.known_members:
        # Fast path: one statement for each table for the families of a block (bench: intake).
        connection = await raw(session)
        await store_anggota_history(connection, [row[0] for row in rows.known_members])
        await connection.execute(UPDATE_MEMBERS, *columns(rows.known_members, 9), today)


async def write_known_usaha(connection: Any, rows: NewRows) -> None:
    """Update the businesses of known members."""
    if rows.known_usaha:
        await store_usaha_history(connection, [row[0] for row in rows.known_usaha])
        without = [row[0] for row in rows.known_usaha if not row[-1]]
        as_of = rows.sourced[0]
        await connection.execute(UPSERT_USAHA, *columns(rows.known_usaha, 9), as_of, without)
    if rows.known_nibs:
        await connection.execute(SET_NIBS, *columns(rows.known_nibs, 2))


async def end_missing(session: AsyncSession, plans: Sequence[Plan], rows: NewRows, today: date) -> None:
    """End members who are not in the file, and businesses that HAPUS closes."""
    as_of = rows.sourced[0]
    missing = [
        MemberEnd(id_, EndReason.TIDAK_DALAM_DATA, today) for plan in plans for id_ in plan.members.leaving
    ]
    rows.add_ends(await end_members(session, missing, as_of=as_of, source=Source.FILE))
    closed = [id_ for plan in plans for id_ in plan.closed]
    reasons = [UsahaEndReason.DITUTUP] * len(closed)
    await end_businesses(session, closed, [today] * len(closed), reasons)
    # Fast path: one statement for each table for the families of a block (bench: intake).
    connection = await raw(session)
    await connection.execute(CLEAR_PENGURUS, [plan.kpm_id for plan in plans])


async def correct_numbers(session: AsyncSession, job: Job, plans: Sequence[Plan]) -> None:
    """Correct the NIK of known members. The file is the evidence."""
    vault, corrections = vault_of(session), list[NikCorrection]()
    for plan in plans:
        for anggota_id, n in plan.members.renamed:
            row = plan.staged.rows[n]
            location = {"table": "kpm_anggota", "column": "nik", "row_id": row["nik_index"].hex()}
            nik = Nik(vault.open(row["nik_sealed"], **location))
            corrections.append(NikCorrection(anggota_id, nik, job.params["sha256"]))
    await correct_niks(session, corrections)


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
        done = await connection.fetch(FINISH_TASKS, kpm_ids, await clock.now(session), job.actor.sub)
        await append_done(session, job.actor, done)
        await seal_consented(session, kpm_ids)


async def copy(connection: Any, rows: NewRows, tables: Mapping[str, Sequence[str]]) -> None:
    """Write new rows with one COPY for each table."""
    for table, names in tables.items():
        if records := rows.tables[table]:
            await connection.copy_records_to_table(
                table, records=records, columns=names, schema_name="public"
            )


async def change_families(session: AsyncSession, job: Job, plans: Sequence[Plan]) -> None:
    """Update known families."""
    kpm_ids = [p.kpm_id for p in plans]
    facts = [orjson.dumps(p.facts).decode() for p in plans]
    kodes, digests, untils = zip(*((p.kode, p.digest, p.next_change_day) for p in plans), strict=True)
    contacts = [p.address for p in plans], [p.phone for p in plans]
    sealed = [p.lead["address_sealed"] for p in plans], [p.lead["phone_sealed"] for p in plans]
    as_of = date.fromisoformat(job.params["as_of"])
    await replace_cards(session, job, plans)
    await reseal_contacts(session, plans)
    values = (kpm_ids, kodes, facts, digests, untils, *contacts, *sealed, as_of)
    # Fast path: one statement for each table for the families of a block (bench: intake).
    await (await raw(session)).execute(UPDATE_FAMILIES, *values)


async def replace_cards(session: AsyncSession, job: Job, plans: Sequence[Plan]) -> None:
    """Record the new cards of known families. The file is the evidence."""
    today = await clock.today(session)
    for plan in plans:
        if plan.new_card:
            card = (plan.lead["no_kk_index"], plan.lead["no_kk_sealed"])
            row = await replace_card(session, plan.kpm_id, *card, today)
            session.add(row)
            detail = {"on": str(row.valid_from), "evidence_sha256": job.params["sha256"]}
            entry = (plan.kpm_id, "kpm", plan.kpm_id, "NO_KK_CHANGED")
            await append_history(session, *entry, actor=job.actor, why="INTAKE", **detail)


async def reseal_contacts(session: AsyncSession, plans: Sequence[Plan]) -> None:
    """Seal address and phone again for families whose card has changed."""
    vault = vault_of(session)
    for plan in plans:
        if plan.recorded["sealed_for"] == plan.staged.no_kk_index or "SET" not in {plan.address, plan.phone}:
            continue
        kpm = await session.get_one(Kpm, plan.kpm_id, populate_existing=True)
        former, card = kpm.sealed_for.hex(), plan.staged.no_kk_index
        for column in ("address", "phone"):
            sealed = getattr(kpm, f"{column}_sealed")
            if sealed is not None:
                text = vault.open(sealed, table="kpm", column=column, row_id=former)
                setattr(
                    kpm,
                    f"{column}_sealed",
                    vault.seal(text, table="kpm", column=column, row_id=card.hex()),
                )
        kpm.sealed_for = card
        await session.flush()


async def end_komponen(connection: Any, plans: Sequence[Plan], today: date) -> None:
    """End komponen that the file no longer has, before new ones start."""
    if dropped := [id_ for plan in plans for id_ in plan.dropped]:
        await connection.execute(DELETE_KOMPONEN, dropped)
    if ended := [id_ for plan in plans for id_ in plan.ended]:
        await connection.execute(END_KOMPONEN, ended, today)


def columns(rows: Sequence[tuple[Any, ...]], width: int) -> list[list[Any]]:
    """Return rows as `width` columns, also without any row."""
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(width)]
