"""Registry's first revision: tables, row security and the first content of the rules."""

from alembic import op

from shared import schema
from shared.migrations import run_sql
from shared.row_security import area_security

revision = "0001"
down_revision = None

REPLICAS = ("credit", "load", "graduasi", "coverage", "rujukan")
# A row of a family is visible where the family lives now. The area in the row itself may be out of date.
FAMILY_IS_VISIBLE = "EXISTS (SELECT FROM replica_coverage.kpm k WHERE k.kpm_id = kepesertaan.kpm_id)"
# Rows of a pendamping are also visible to the pendamping and to offices of the areas where it is placed. A scorecard
# then has the same figures for everybody who may read it.
TABLES_BY_PENDAMPING = (
    "replica_credit.credit",
    "replica_load.dampingan",
    "replica_load.kunjungan",
    "replica_load.p2k2",
    "replica_graduasi.graduasi",
)


def upgrade() -> None:
    schema.platform_v1(op.execute, "registry")
    for subscription in REPLICAS:
        schema.replica_schema(op.execute, "registry", subscription)
    run_sql("registry", "0001_tables.sql", "security.sql", "seed.sql")
    secure()


def secure() -> None:
    """Create the row security policies of the api role: by area, and by pendamping."""
    is_own = "pendamping_id = platform.pendamping()"
    area_security(op.execute, "wilayah_tugas", also=is_own)
    area_security(op.execute, "approval_request")
    area_security(op.execute, "platform.overdue")
    for table in ("evidence_use", "evidence_flag"):
        placed = f"EXISTS (SELECT FROM wilayah_tugas w WHERE w.pendamping_id = {table}.subject_id)"
        own_paper = "subject_id = platform.pendamping()"
        area_security(op.execute, f"platform.{table}", also=f"{own_paper} OR {placed}")
    # Every role that reads coverage gets the same figures for an area, also a pendamping.
    for table in ("coverage_figure", "replica_coverage.kpm"):
        area_security(op.execute, table, also="platform.in_scope(kode_wilayah)")
    area_security(op.execute, "replica_coverage.kepesertaan", also=FAMILY_IS_VISIBLE)
    for table in TABLES_BY_PENDAMPING:
        name = table.partition(".")[2]
        is_placed = f"EXISTS (SELECT FROM wilayah_tugas w WHERE w.pendamping_id = {name}.pendamping_id)"
        also = f"{is_own} OR {is_placed}"
        # Coverage counts dampingan and exits of the families that live in an area. A function, because a rebuild
        # replaces the tables of one replica.
        also += " OR family_in_scope(kpm_id)" if name in {"dampingan", "graduasi"} else ""
        area_security(op.execute, table, also=also)
