"""Registry's first revision: its tables, its row security, the first content of the rules."""

from alembic import op

from shared import schema
from shared.migrating import run_sql

revision = "0001"
down_revision = None

REPLICAS = ("credit", "load", "graduasi", "coverage", "rujukan")
# A membership goes with its family, which may have moved since it was told: it counts where the family lives now.
OF_A_FAMILY = "EXISTS (SELECT FROM replica_coverage.kpm k WHERE k.kpm_id = kepesertaan.kpm_id)"
# Rows of a pendamping: also oneself's, and those of whoever is placed in the caller's areas, so that a scorecard is
# the same figure for everybody who may read it.
BY_PENDAMPING = (
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
    """Let the api role see what the caller's areas, or the caller's own number, give a right to."""
    oneself = "pendamping_id = platform.pendamping()"
    schema.area_security(op.execute, "wilayah_tugas", also=oneself)
    # Every role that reads coverage gets the same figures for an area, a pendamping too.
    for table in ("coverage_figure", "replica_coverage.kpm"):
        schema.area_security(op.execute, table, also="platform.in_scope(kode_wilayah)")
    schema.area_security(op.execute, "replica_coverage.kepesertaan", also=OF_A_FAMILY)
    for table in BY_PENDAMPING:
        name = table.partition(".")[2]
        placed = f"EXISTS (SELECT FROM wilayah_tugas w WHERE w.pendamping_id = {name}.pendamping_id)"
        schema.area_security(op.execute, table, also=f"{oneself} OR {placed}")
