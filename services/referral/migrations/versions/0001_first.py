"""Referral's first tables: the catalogue, rujukan with all that happens to them, and families as caseload tells."""

from pathlib import Path

from alembic import op

from shared import schema

revision = "0001"
down_revision = None

# In order: what refers to another table comes after it.
SCRIPTS = ("0001_catalogue.sql", "0001_replicas.sql", "0001_rujukan.sql", "0001_answers.sql")

# A partner sees what was shared with it, whatever areas its token names. A pendamping sees own families in their areas,
# an official all families of theirs.
MINE = "CASE WHEN platform.partner() IS NULL THEN {official} ELSE {partner} END"
SHARED = "partner_id = platform.partner() AND shared_at IS NOT NULL"
OWN = "platform.in_scope(kode_wilayah) AND own_family(kpm_id)"
OFFICIAL = f"CASE WHEN platform.by_area() THEN platform.in_scope(kode_wilayah) ELSE {OWN} END"

# Tables that hang on a rujukan program are seen and written by whoever sees that.
PARTS = ("consent", "attempt", "answer", "outcome", "rujukan_program_history")


def upgrade() -> None:
    schema.platform_v1(op.execute, "referral")
    for replica in ("kpm", "pendamping"):
        schema.replica_schema(op.execute, "referral", replica)
    for script in SCRIPTS:
        run(script)
    secure("rujukan_program", MINE.format(official=OFFICIAL, partner=SHARED))
    held = "EXISTS (SELECT FROM rujukan_program p WHERE p.{column} = {table}.{column})"
    for table in PARTS:
        secure(table, held.format(column="rujukan_program_id", table=table))
    shared = held.format(column="rujukan_id", table="rujukan")
    secure("rujukan", MINE.format(official=OFFICIAL, partner=shared))
    secure("relapse_report", "EXISTS (SELECT FROM rujukan r WHERE r.rujukan_id = relapse_report.rujukan_id)")
    schema.area_security(op.execute, "offer_shown", own=OWN)


def run(name: str) -> None:
    """Run the statements of a file beside this folder."""
    for statement in (Path(__file__).parents[1] / name).read_text("utf-8").split(";;"):
        if statement.strip():
            op.execute(statement)


def secure(table: str, condition: str) -> None:
    """Let the api role see and write only rows of which the condition holds; the worker bypasses row security."""
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY whose ON {table} USING ({condition}) WITH CHECK ({condition})")
