"""Graduation's tables, its row security, the first content of its rules."""

from pathlib import Path

from alembic import op

from shared import schema

revision = "0001"
down_revision = None

SERVICE = "graduation"
REPLICAS = ("pendamping", "kpm", "rujukan")
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
APPEND_ONLY = (
    "graduasi_history",
    "stage_act",
    "asesmen",
    "pernyataan",
    "usul",
    "musyawarah",
    "sk",
    "certificate",
    "sanggah_decision",
    "annulment",
    "back_payment",
)
NEVER_DELETED = ("graduasi", "penetapan", "credit", "monitoring_task", "exit_proposal")
# Instruments and policies are drafted; 0001_policy.sql says what of them may be written.
RULES = ("graduasi_transition",)


def upgrade() -> None:
    schema.platform_v1(op.execute, SERVICE)
    for name in REPLICAS:
        schema.replica_schema(op.execute, SERVICE, name)
    run("0001_tables.sql", ";;")
    run("0001_exits.sql", ";;")
    run("0001_sanggah.sql", ";;")
    run("0001_policy.sql", ";;")
    run("0001_worklists.sql", ";;")
    run("0001_candidates.sql", ";;")
    run("0001_seed.sql", ";\n")
    run("0001_areas.sql", ";;")
    for table in BY_AREA:
        case = f"{table}.graduasi_id"
        moved_here = f"CASE WHEN platform.by_area() THEN case_is_here({case}) ELSE false END"
        schema.area_security(op.execute, table, own=f"case_in_scope({case})", also=moved_here)
    own = "platform.in_scope(kode_wilayah) AND (own_family(kpm_id) OR proposer = platform.pendamping()::text)"
    schema.area_security(op.execute, "exit_proposal", own=own)
    for table in APPEND_ONLY:
        revoke("UPDATE, DELETE", table)
    for table in NEVER_DELETED:
        revoke("DELETE", table)
    revoke("UPDATE, DELETE", "sanggah")
    op.execute(f"GRANT UPDATE (state) ON sanggah TO {SERVICE}_api, {SERVICE}_worker")
    op.execute(f"GRANT UPDATE (kode_wilayah) ON sanggah TO {SERVICE}_worker")
    for table in RULES:
        revoke("INSERT, UPDATE, DELETE", table)
    revoke("UPDATE, DELETE", "credit_rule")
    # An SK of many cases counts them as its job puts them in.
    op.execute(f"GRANT UPDATE (cases) ON sk TO {SERVICE}_worker")


def run(name: str, end: str) -> None:
    """Run the statements of a file beside this folder, each to `end`."""
    for statement in (Path(__file__).parents[1] / name).read_text("utf-8").split(end):
        if statement.strip():
            op.execute(statement)


def revoke(rights: str, table: str) -> None:
    op.execute(f"REVOKE {rights} ON {table} FROM {SERVICE}_api, {SERVICE}_worker")
