"""First revision of graduation: tables, row security, and the first policies and rules."""

from alembic import op

from shared import schema
from shared.migrations import run_sql
from shared.row_security import area_security, replica_security, row_security

revision = "0001"
down_revision = None

# Rows of cases. The API role sees rows written in the caller's areas, and all rows of a case that is there now.
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
    "voided_result",
    "sanggah",
    "sanggah_scan",
    "sanggah_decision",
    "annulment",
    "back_payment",
)
FAMILY_REPLICAS = ("kpm_history", "kepesertaan", "kepesertaan_history", "usaha", "usaha_history")
# A hash of the own families serves a whole list.
OWN_FAMILY = (
    "kpm_id IN (SELECT d.kpm_id FROM replica_kpm.dampingan d WHERE d.pendamping_id = platform.pendamping()"
    " AND d.valid_from <= platform.today() AND (d.valid_to IS NULL OR d.valid_to > platform.today()))"
)


def upgrade() -> None:
    schema.platform_v1(op.execute, "graduation")
    for subscription in ("pendamping", "kpm", "rujukan"):
        schema.replica_schema(op.execute, "graduation", subscription)
    run_sql("graduation", "0001_tables.sql", "security.sql", "seed.sql")
    secure()


def secure() -> None:
    """Show the rows of a case in their own area and the case's current area."""
    for table in BY_AREA:
        case = f"{table}.graduasi_id"
        case_in_area = f"CASE WHEN platform.by_area() THEN case_in_area({case}) ELSE false END"
        area_security(op.execute, table, own=f"case_in_scope({case})", also=case_in_area)
    for table in ("evidence_use", "evidence_flag"):
        secure_evidence(table)
    own = "platform.in_scope(kode_wilayah) AND (own_family(kpm_id) OR proposer = platform.pendamping()::text)"
    area_security(op.execute, "exit_proposal", own=own)
    area_security(op.execute, "approval_request")
    row_security(op.execute, "family_end", "area", "family_in_scope(kpm_id)")
    replica_security(op.execute, tables=FAMILY_REPLICAS)
    area_security(op.execute, "replica_kpm.candidate", own=OWN_FAMILY)
    for table in ("rujukan", "rujukan_program"):
        area_security(op.execute, f"replica_rujukan.{table}", also="case_in_scope(graduasi_id)")
    area_security(
        op.execute, "platform.overdue", own="platform.in_scope(kode_wilayah) AND own_family(kpm_id)"
    )


def secure_evidence(table: str) -> None:
    """Show evidence with its case, its monitoring result or its SK."""
    case_here = f"EXISTS (SELECT FROM graduasi g WHERE g.kpm_id = {table}.kpm_id AND platform.in_scope(g.kode_wilayah))"
    own_result = f"EXISTS (SELECT FROM monitoring_task t WHERE t.task_id = {table}.subject_id)"
    decided = f"kind = 'SK' AND EXISTS (SELECT FROM penetapan p WHERE p.sk_id = {table}.subject_id)"
    area_security(
        op.execute,
        f"platform.{table}",
        own=f"case_in_scope(subject_id) OR {own_result}",
        also=f"platform.by_area() AND ({case_here} OR {decided})",
    )
