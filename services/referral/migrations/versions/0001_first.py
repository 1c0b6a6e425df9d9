"""First revision of referral: tables, row security and the first content of the rules."""

from alembic import op

from shared import schema
from shared.migrations import run_sql
from shared.row_security import area_security, replica_security, row_security

revision = "0001"
down_revision = None

# A partner sees what was shared with it, independent of the areas in its token. A pendamping sees accompanied families
# in the areas of the token, an official all families in them.
VISIBLE = "CASE WHEN platform.partner() IS NULL THEN {official} ELSE {partner} END"
SHARED = "partner_id = platform.partner() AND shared_at IS NOT NULL"
OWN = "platform.in_scope(kode_wilayah) AND own_family(kpm_id)"
OFFICIAL = f"CASE WHEN platform.by_area() THEN platform.in_scope(kode_wilayah) ELSE {OWN} END"

# A partner reads what was supplied to it as long as the consent is in force.
SUPPLIED = """CASE WHEN platform.partner() IS NOT NULL THEN supply_for_partner(subject_id) IS NOT NULL
    ELSE EXISTS (SELECT FROM data_supply s WHERE s.notice_id = file_use.subject_id) END"""

# Rows of these tables are visible to a caller who sees their rujukan program.
PROGRAM_TABLES = (
    "consent",
    "consent_person",
    "delivery_attempt",
    "partner_answer",
    "correction",
    "data_supply",
    "outcome",
    "outcome_task",
    "rujukan_program_history",
    "quota_place",
    "waiting_list_entry",
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
    """Set row security.

    A rujukan and its rows are visible to its partner, its pendamping and the offices of its area.
    """
    of_program = "EXISTS (SELECT FROM rujukan_program p WHERE p.{column} = {table}.{own})"
    of_rujukan = "EXISTS (SELECT FROM rujukan r WHERE r.rujukan_id = {table}.rujukan_id)"
    shared = of_program.format(column="rujukan_id", table="rujukan", own="rujukan_id")
    keys = dict.fromkeys(PROGRAM_TABLES, "rujukan_program_id")
    keys |= {"identity": "for_id", "next_best": "after_rujukan_program_id"}
    conditions = {
        "rujukan_program": VISIBLE.format(official=OFFICIAL, partner=SHARED),
        "rujukan": VISIBLE.format(official=OFFICIAL, partner=shared),
        "former_member": "family_in_scope(kpm_id)",
        "relapse_report": of_rujukan.format(table="relapse_report"),
        "rujukan_pause": of_rujukan.format(table="rujukan_pause"),
    }
    for table, own in keys.items():
        conditions[table] = of_program.format(column="rujukan_program_id", table=table, own=own)
    for table, condition in conditions.items():
        row_security(op.execute, table, "whose", condition)
    replica_security(op.execute, tables=("usaha",))
    for table in ("evidence_use", "evidence_flag"):
        # A partner gets the data that the consent names, and not the paper, which has more.
        offered = of_program.format(column="rujukan_program_id", table=table, own="subject_id")
        of_area = "platform.by_area() AND platform.in_scope(kode_wilayah)"
        visible = f"CASE WHEN kpm_id IS NULL THEN {of_area} ELSE {offered} END"
        row_security(op.execute, f"platform.{table}", "whose", f"platform.partner() IS NULL AND {visible}")
    row_security(op.execute, "platform.file_use", "whose", SUPPLIED)
    for table in ("offer_shown", "platform.overdue"):
        area_security(op.execute, table, own=OWN)
