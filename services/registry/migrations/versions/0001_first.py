"""Registry's first revision: tables, row security and the first content of the rules."""

from alembic import op

from shared import schema
from shared.migrations import run_sql
from shared.row_security import area_security, row_security

revision = "0001"
down_revision = None

REPLICAS = ("credit", "load", "graduasi", "coverage", "rujukan")
# A row of a family is visible where the family lives now. The area in the row itself may be out of date.
FAMILY_IS_VISIBLE = "EXISTS (SELECT FROM replica_coverage.kpm k WHERE k.kpm_id = kepesertaan.kpm_id)"
IS_OWN = "pendamping_id = platform.pendamping()"
SCOPE = "current_setting('pilar.scope', true)"
# An office sees who has or had an area in its areas, and who has none anywhere: each office may correct their status.
PLACED = (
    "(EXISTS (SELECT FROM wilayah_tugas w WHERE w.pendamping_id = pendamping.pendamping_id OFFSET 0)"
    " OR NOT has_area(pendamping_id))"
)
PENDAMPING_IS_VISIBLE = (
    f"CASE {SCOPE} WHEN 'NATIONAL' THEN true WHEN 'AREA' THEN {PLACED}"
    f" WHEN 'DITJEN' THEN is_of_ditjen(pendamping_id) AND {PLACED} ELSE false END OR {IS_OWN}"
)
OF_PENDAMPING = f"CASE {SCOPE} WHEN 'NATIONAL' THEN true ELSE shows_pendamping(pendamping_id) END"
TABLES_OF_PENDAMPING = (
    "penugasan",
    "pendamping_status_history",
    "contact_history",
    "replica_load.load_limit",
    "replica_load.limit_crossing",
)
RANGE_IS_VISIBLE = (
    "CASE thing WHEN 'PENUGASAN' THEN EXISTS (SELECT FROM penugasan p WHERE p.penugasan_id = thing_id)"
    " WHEN 'WILAYAH_TUGAS' THEN EXISTS (SELECT FROM wilayah_tugas w WHERE w.wilayah_tugas_id = thing_id)"
    " ELSE current_setting('pilar.scope', true) <> '' END"
)
# Of what waits, a ditjen sees the rows of its pendamping. The list also reads the row that waits.
OVERDUE_IS_VISIBLE = (
    "platform.ditjen() IS NOT NULL AND CASE subject_kind WHEN 'pendamping' THEN shows_pendamping(subject_id::uuid)"
    " WHEN 'approval_request' THEN EXISTS (SELECT FROM approval_request r"
    " WHERE r.approval_request_id = subject_id::uuid) ELSE false END"
)
# Rows of a pendamping are also visible to the pendamping and to offices of the areas where it is placed. A scorecard
# then has the same figures for everybody who may read it.
TABLES_BY_PENDAMPING = (
    "replica_credit.credit",
    "replica_load.dampingan",
    "replica_load.kunjungan",
    "replica_load.p2k2",
    "replica_graduasi.graduasi",
)
TABLES_OF_GRADUASI = (
    "replica_graduasi.monitoring",
    "replica_graduasi.monitoring_end",
    "replica_graduasi.relapse",
    "replica_graduasi.sanggah",
    "replica_rujukan.rujukan",
    "replica_rujukan.rujukan_program",
)


def upgrade() -> None:
    schema.platform_v1(op.execute, "registry")
    for subscription in REPLICAS:
        schema.replica_schema(op.execute, "registry", subscription)
    run_sql("registry", "0001_tables.sql", "security.sql", "seed.sql")
    secure_pendamping()
    secure_families()


def secure_pendamping() -> None:
    """Create the policies of pendamping and of their rows."""
    by_ditjen = "platform.in_scope(kode_wilayah) AND is_of_ditjen(pendamping_id)"
    area_security(op.execute, "wilayah_tugas", own=by_ditjen, also=IS_OWN)
    row_security(op.execute, "pendamping", "visible", PENDAMPING_IS_VISIBLE)
    for table in TABLES_OF_PENDAMPING:
        row_security(op.execute, table, "pendamping", OF_PENDAMPING)
    corrected = "EXISTS (SELECT FROM penugasan p WHERE p.penugasan_id = penugasan_correction.penugasan_id)"
    row_security(op.execute, "penugasan_correction", "pendamping", corrected)
    row_security(op.execute, "range_history", "thing", RANGE_IS_VISIBLE)
    shown = "platform.ditjen() IS NOT NULL AND shows_pendamping(subject_id)"
    area_security(op.execute, "approval_request", own=shown)
    area_security(op.execute, "platform.overdue", own=OVERDUE_IS_VISIBLE)
    for table in ("evidence_use", "evidence_flag"):
        placed = f"EXISTS (SELECT FROM wilayah_tugas w WHERE w.pendamping_id = {table}.subject_id)"
        own_paper = "subject_id = platform.pendamping()"
        area_security(op.execute, f"platform.{table}", own=shown, also=f"{own_paper} OR {placed}")


def secure_families() -> None:
    """Create the policies of the replicas of families: by area, and by pendamping."""
    # Every role that reads coverage gets the same figures for an area, also a pendamping.
    for table in ("coverage_figure", "replica_coverage.kpm"):
        area_security(op.execute, table, also="platform.in_scope(kode_wilayah)")
    area_security(op.execute, "replica_coverage.kepesertaan", also=FAMILY_IS_VISIBLE)
    for table in TABLES_BY_PENDAMPING:
        name = table.partition(".")[2]
        is_placed = f"EXISTS (SELECT FROM wilayah_tugas w WHERE w.pendamping_id = {name}.pendamping_id)"
        also = f"{IS_OWN} OR {is_placed}"
        # Coverage counts dampingan and exits of the families that live in an area. A function, because a rebuild
        # replaces the tables of one replica.
        also += " OR family_in_scope(kpm_id)" if name in {"dampingan", "graduasi"} else ""
        area_security(op.execute, table, also=also)
    for table in TABLES_OF_GRADUASI:
        row_security(op.execute, table, "graduasi", "shows_graduasi(graduasi_id)")
