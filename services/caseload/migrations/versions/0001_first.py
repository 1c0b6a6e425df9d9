"""First revision of caseload: tables, row security and first rules."""

from alembic import op

from shared import schema
from shared.migrations import run_sql
from shared.row_security import area_security, row_security

revision = "0001"
down_revision = None

FAMILY_TABLES = (
    "kpm_no_kk",
    "kpm_anggota",
    "nik_history",
    "komponen",
    "desil",
    "usaha",
    "kepesertaan",
    "kunjungan",
    "exit_proposal",
    "kepesertaan_pending",
    "usulan",
    "anggota_history",
    "wilayah_history",
    "usaha_history",
    "case_mark",
    "kpm_history",
    "sealing",
    "dampingan_gap",
    "tugas",
    "p2k2_kehadiran",
    "replica_aid.aid",
)
# OFFSET 0 forces a check per row. Else PostgreSQL hashes all families of the country for a page of fifty rows.
OF_FAMILY = "EXISTS (SELECT FROM kpm WHERE kpm.kpm_id = {}.kpm_id OFFSET 0)"
# The family that this transaction may read past the scope of the caller (open_for_emergency in security.sql).
EMERGENCY = "kpm_id::text = current_setting('pilar.emergency_family', true)"
AUTHOR = "pendamping_id = platform.pendamping()"


def upgrade() -> None:
    schema.platform_v1(op.execute, "caseload", topics=["pilar.sealed"])
    for subscription in ("pendamping", "aid"):
        schema.replica_schema(op.execute, "caseload", subscription)
    run_sql("caseload", "0001_tables.sql", "security.sql", "seed.sql")
    secure()


def secure() -> None:
    """Let only a family's own pendamping and its offices read the family and its rows."""
    area_security(op.execute, "kpm", own="own_or_worked(kpm_id, kode_wilayah)", also=EMERGENCY)
    area_security(op.execute, "akses_darurat", also=EMERGENCY)
    area_security(op.execute, "hand_over")
    area_security(op.execute, "approval_request")
    area_security(
        op.execute, "platform.overdue", own="platform.in_scope(kode_wilayah) AND own_family(kpm_id)"
    )
    for table in ("evidence_use", "evidence_flag"):
        of_family = OF_FAMILY.format(table)
        of_area = "platform.by_area() AND platform.in_scope(kode_wilayah)"
        visible = f"CASE WHEN kpm_id IS NULL THEN {of_area} ELSE {of_family} END"
        row_security(op.execute, f"platform.{table}", "family", visible)
    area_security(op.execute, "p2k2_sesi", own=AUTHOR)
    for table in FAMILY_TABLES:
        name = table.rpartition(".")[2]
        row_security(op.execute, table, "family", OF_FAMILY.format(name))
    noted = "platform.by_area() OR note_own_family(kpm_id, pendamping_id, valid)"
    visible = f"CASE WHEN {noted} THEN {OF_FAMILY.format('dampingan')} END"
    row_security(op.execute, "dampingan", "family", visible)
    for table in ("hand_over_withdrawal", "hand_over_family"):
        ordered = f"EXISTS (SELECT FROM hand_over h WHERE h.hand_over_id = {table}.hand_over_id)"
        row_security(op.execute, table, "ordered", ordered)
