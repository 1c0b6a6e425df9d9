"""The platform's tables, caseload's own, and the first content of its rules."""

from pathlib import Path

from alembic import op

from shared import schema

revision = "0001"
down_revision = None

# In order: what refers to another table comes after it.
TABLES = ("0001_first.sql", "0001_family.sql", "0001_hand_over.sql", "0001_p2k2.sql")
FAMILY_TABLES = (
    "kpm_no_kk",
    "kpm_anggota",
    "komponen",
    "desil",
    "usaha",
    "kepesertaan",
    "dampingan",
    "kunjungan",
    "exit_proposal",
    "kepesertaan_pending",
    "usulan",
    "anggota_past",
    "wilayah_past",
    "usaha_past",
    "case_mark",
    "kpm_history",
    "sealing",
    "dampingan_gap",
    "tugas",
    "p2k2_kehadiran",
)
HISTORIES = ("kpm_history", "anggota_past", "wilayah_past", "usaha_past", "hand_over_withdrawal")

AUTHOR = "pendamping_id = platform.pendamping()"
# A pendamping who splits a family does not accompany the new one: the command names it for its transaction.
NEW = "kpm_id::text = current_setting('pilar.new_family', true)"
OWN = f"platform.in_scope(kode_wilayah) AND ({NEW} OR own_family(kpm_id))"

OWN_FAMILY = """
-- Whether the caller accompanies the family today. The raised scope keeps dampingan's policy, which asks for the family,
-- from asking this function again.
CREATE FUNCTION own_family(wanted uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
DECLARE scope text := platform.raise_scope('AREA'); own boolean;
BEGIN
    own := EXISTS (SELECT FROM dampingan d WHERE d.kpm_id = wanted
        AND d.pendamping_id = platform.pendamping() AND d.valid @> platform.today());
    scope := platform.raise_scope(scope);
    RETURN own;
END $$;;
-- Whether the caller's scope covers the family. A stored answer is replayed on this condition.
CREATE FUNCTION family_in_scope(wanted uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$ BEGIN
    RETURN EXISTS (SELECT FROM kpm WHERE kpm.kpm_id = wanted);
END $$;;
REVOKE ALL ON FUNCTION own_family(uuid), family_in_scope(uuid) FROM PUBLIC;;
GRANT EXECUTE ON FUNCTION own_family(uuid), family_in_scope(uuid) TO caseload_api, caseload_worker;;
"""

RULES = """
INSERT INTO dampingan_limit (kind, version, warn_above, refuse_above, valid, basis, set_by, set_at) VALUES
    ('PKH_PENDAMPING', 1, 450, 600, '[2019-01-01,)', 'first content: warn above 450, refuse above 600',
    'system:migration', clock_timestamp());;
INSERT INTO age_rule (version, able_from, able_below, lansia_from, valid, source) VALUES
    (1, 18, 60, 60, '[2019-01-01,)', 'first content: able 18 to 59 and not severely disabled; lansia from 60');;
INSERT INTO platform.due (due_id, kind, subject_id, clock, due_at, payload) VALUES
    (uuidv7(), 'facts_of_the_day', 'facts', 'business', '2019-01-01', '{}');;
"""


def upgrade() -> None:
    """Only ever adds: what a released migration says is never edited."""
    schema.platform_v1(op.execute, "caseload", topics=["pilar.sealed"])
    for subscription in ("pendamping", "aid"):
        schema.replica_schema(op.execute, "caseload", subscription)
    tables = "".join(Path(__file__).with_name(name).read_text("utf-8") for name in TABLES)
    for statement in (tables + RULES + OWN_FAMILY).split(";;"):
        if statement.strip():
            op.execute(statement)
    secure()


def secure() -> None:
    """Show a family to its own pendamping and its offices, what belongs to it with it, staging to the worker alone."""
    schema.area_security(op.execute, "kpm", own=OWN)
    schema.area_security(op.execute, "hand_over")
    schema.area_security(op.execute, "p2k2_sesi", own=f"platform.in_scope(kode_wilayah) AND {AUTHOR}")
    # OFFSET 0: asked row by row. Else PostgreSQL hashes all families of the country first, for a page of fifty rows.
    seen = "EXISTS (SELECT FROM kpm WHERE kpm.kpm_id = {table}.kpm_id OFFSET 0)"
    for table in FAMILY_TABLES:
        show_with(table, "family", seen.format(table=table))
    # What referral told of a family shows with it too; the rest of the replicas is about pendamping.
    show_with("replica_aid.aid", "family", seen.format(table="aid"))
    ordered = "EXISTS (SELECT FROM hand_over h WHERE h.hand_over_id = hand_over_withdrawal.hand_over_id)"
    show_with("hand_over_withdrawal", "ordered", ordered)
    for table in HISTORIES:
        op.execute(f"REVOKE UPDATE, DELETE ON {table} FROM caseload_api, caseload_worker")
    # What somebody has written stays theirs to read, also after the family has left them (domain.md 7.3).
    for table in ("kunjungan", "p2k2_sesi"):
        op.execute(f"CREATE POLICY author ON {table} FOR SELECT USING ({AUTHOR})")
    session = f"SELECT FROM p2k2_sesi s WHERE s.p2k2_sesi_id = p2k2_kehadiran.p2k2_sesi_id AND s.{AUTHOR}"
    op.execute(f"CREATE POLICY author ON p2k2_kehadiran FOR SELECT USING (EXISTS ({session}))")
    # A limit that decided something stays as it was; only the day on which it ends may be written.
    op.execute("REVOKE UPDATE, DELETE ON dampingan_limit FROM caseload_api, caseload_worker")
    op.execute("GRANT UPDATE (valid) ON dampingan_limit TO caseload_api")
    op.execute("REVOKE ALL ON staged_row FROM caseload_api")
    op.execute("GRANT MAINTAIN ON staged_row TO caseload_worker")


def show_with(table: str, policy: str, within: str) -> None:
    """Let the rows of a table show, and be written, with what they hang on alone."""
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY {policy} ON {table} USING ({within}) WITH CHECK ({within})")
