"""Referral's first tables: the catalogue, rujukan with all that happens to them, and families as caseload tells."""

from pathlib import Path

from alembic import op

from shared import schema

revision = "0001"
down_revision = None

# In order: what refers to another table comes after it.
SCRIPTS = ("0001_catalogue.sql", "0001_replicas.sql", "0001_rujukan.sql", "0001_answers.sql")

# A partner's token opens its own, once they were shared with it, whatever areas it names; anybody else goes by area.
MINE = (
    "CASE WHEN NULLIF(current_setting('pilar.partner', true), '') IS NULL THEN {official} ELSE {partner} END"
)
OWN = "partner_id = NULLIF(current_setting('pilar.partner', true), '')::uuid AND shared_at IS NOT NULL"
AREA = "platform.in_scope(kode_wilayah)"

# Tables that hang on a rujukan program are seen and written by whoever sees that.
PARTS = ("consent", "attempt", "answer", "outcome", "rujukan_program_history")


def upgrade() -> None:
    schema.platform_v1(op.execute, "referral")
    for replica in ("kpm", "pendamping"):
        schema.replica_schema(op.execute, "referral", replica)
    for script in SCRIPTS:
        run(script)
    secure("rujukan_program", MINE.format(official=AREA, partner=OWN))
    held = "EXISTS (SELECT FROM rujukan_program p WHERE p.{column} = {table}.{column})"
    for table in PARTS:
        secure(table, held.format(column="rujukan_program_id", table=table))
    secure("rujukan", MINE.format(official=AREA, partner=held.format(column="rujukan_id", table="rujukan")))
    secure("relapse_report", "EXISTS (SELECT FROM rujukan r WHERE r.rujukan_id = relapse_report.rujukan_id)")
    schema.area_security(op.execute, "offer_shown")


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
