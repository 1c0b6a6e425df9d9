"""Referral's first revision: its tables, its row security, the first content of the rules."""

from alembic import op

from shared import schema
from shared.migrating import run_sql

revision = "0001"
down_revision = None

# A partner sees what was shared with it, whatever areas its token names. A pendamping sees own families in their areas,
# an official all families of theirs.
MINE = "CASE WHEN platform.partner() IS NULL THEN {official} ELSE {partner} END"
SHARED = "partner_id = platform.partner() AND shared_at IS NOT NULL"
OWN = "platform.in_scope(kode_wilayah) AND own_family(kpm_id)"
OFFICIAL = f"CASE WHEN platform.by_area() THEN platform.in_scope(kode_wilayah) ELSE {OWN} END"

# Tables that hang on a rujukan program are seen and written by whoever sees that.
PARTS = (
    "consent",
    "attempt",
    "answer",
    "outcome",
    "outcome_task",
    "rujukan_program_history",
    "quota_place",
    "waiting",
    "deadline",
    "escalation",
    "partner_notice",
    "inbox_read",
)


def upgrade() -> None:
    schema.platform_v1(op.execute, "referral")
    for subscription in ("kpm", "pendamping"):
        schema.replica_schema(op.execute, "referral", subscription)
    run_sql("referral", "0001_tables.sql", "security.sql", "seed.sql")
    secure()


def secure() -> None:
    """Show a rujukan and its rows to its partner, pendamping and offices."""
    of_program = "EXISTS (SELECT FROM rujukan_program p WHERE p.{column} = {table}.{own})"
    of_rujukan = "EXISTS (SELECT FROM rujukan r WHERE r.rujukan_id = {table}.rujukan_id)"
    shared = of_program.format(column="rujukan_id", table="rujukan", own="rujukan_id")
    keys = dict.fromkeys(PARTS, "rujukan_program_id")
    keys |= {"identity": "for_id", "next_best": "after_rujukan_program_id"}
    conditions = {
        "rujukan_program": MINE.format(official=OFFICIAL, partner=SHARED),
        "rujukan": MINE.format(official=OFFICIAL, partner=shared),
        "relapse_report": of_rujukan.format(table="relapse_report"),
        "pause": of_rujukan.format(table="pause"),
    }
    for table, own in keys.items():
        conditions[table] = of_program.format(column="rujukan_program_id", table=table, own=own)
    for table, condition in conditions.items():
        schema.row_security(op.execute, table, "whose", condition)
    schema.area_security(op.execute, "offer_shown", own=OWN)
