"""Graduation's first revision: its tables, its row security, the first content of the rules."""

from alembic import op

from shared import schema
from shared.migrating import run_sql

revision = "0001"
down_revision = None

# Rows of cases: the api role sees those written in the caller's areas, and all of a case that is there now.
BY_AREA = (
    "graduasi_history",
    "stage_act",
    "asesmen",
    "pernyataan",
    "usul",
    "musyawarah",
    "penetapan",
    "credit",
    "certificate",
    "monitoring_task",
    "sanggah",
    "sanggah_decision",
    "annulment",
    "back_payment",
)


def upgrade() -> None:
    schema.platform_v1(op.execute, "graduation")
    for subscription in ("pendamping", "kpm", "rujukan"):
        schema.replica_schema(op.execute, "graduation", subscription)
    run_sql("graduation", "0001_tables.sql", "security.sql", "seed.sql")
    secure()


def secure() -> None:
    """Show a case's rows where they were written and where the case is now."""
    for table in BY_AREA:
        case = f"{table}.graduasi_id"
        moved_here = f"CASE WHEN platform.by_area() THEN case_is_here({case}) ELSE false END"
        schema.area_security(op.execute, table, own=f"case_in_scope({case})", also=moved_here)
    own = "platform.in_scope(kode_wilayah) AND (own_family(kpm_id) OR proposer = platform.pendamping()::text)"
    schema.area_security(op.execute, "exit_proposal", own=own)
