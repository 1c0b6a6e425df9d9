"""Tables of the use of evidence: kinds, uses and flags (docs/case-lifecycle.md#evidence)."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import UUID

from shared.deadlines import Owner, Waits, track_waits
from shared.roles import Role
from shared.updates import track_updates

# Part of the DDL of the platform (`shared/ddl.py`).
EVIDENCE_V1 = """
-- Who may share one piece of evidence: nobody (SUBJECT), the things of a FAMILY, those whom the paper names (NAMED), ANY.
CREATE TABLE platform.evidence_kind (
    kind text NOT NULL, valid_from date NOT NULL, source text NOT NULL,
    shared_by text NOT NULL CONSTRAINT ck_evidence_kind_shared_by CHECK (shared_by IN ('SUBJECT', 'FAMILY', 'NAMED', 'ANY')),
    PRIMARY KEY (kind, valid_from)
);;
CREATE TABLE platform.evidence_use (
    use_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, sha256 text NOT NULL, kind text NOT NULL,
    subject_id uuid NOT NULL, kpm_id uuid, kode_wilayah text COLLATE "C" NOT NULL, named uuid[] NOT NULL,
    used_by text NOT NULL, used_by_sub text NOT NULL, used_at timestamptz NOT NULL
);;
CREATE INDEX ix_evidence_use_sha256 ON platform.evidence_use (sha256, use_id);;
CREATE TABLE platform.evidence_flag (
    flag_id uuid PRIMARY KEY DEFAULT uuidv7(),
    reason text NOT NULL CONSTRAINT ck_evidence_flag_reason CHECK (reason IN ('USED_BEFORE', 'ENTERED_TOGETHER')),
    sha256 text, kind text NOT NULL, subject_id uuid NOT NULL, kpm_id uuid, kode_wilayah text COLLATE "C" NOT NULL,
    earlier_use_id bigint REFERENCES platform.evidence_use (use_id),
    used_by text NOT NULL, used_by_sub text NOT NULL, flagged_at timestamptz NOT NULL,
    cleared_at timestamptz, cleared_by text, cleared_by_sub text, clearance_sealed bytea,
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT ck_evidence_flag_earlier_use CHECK ((reason = 'USED_BEFORE') = (earlier_use_id IS NOT NULL AND sha256 IS NOT NULL)),
    CONSTRAINT ck_evidence_flag_cleared CHECK (num_nulls(cleared_at, cleared_by, cleared_by_sub, clearance_sealed) IN (0, 4)),
    CONSTRAINT ck_evidence_flag_not_by_user CHECK (cleared_by <> used_by AND cleared_by_sub <> used_by_sub)
);;
CREATE INDEX ix_evidence_flag_subject_id ON platform.evidence_flag (subject_id);;
CREATE INDEX ix_evidence_flag_kpm_id ON platform.evidence_flag (kpm_id);;
CREATE INDEX ix_evidence_flag_open ON platform.evidence_flag (kode_wilayah, flag_id) WHERE cleared_at IS NULL;;
CREATE UNIQUE INDEX uq_evidence_flag_subject_id_sha256 ON platform.evidence_flag (subject_id, sha256, reason) NULLS NOT DISTINCT;;
CREATE FUNCTION platform.sharing_of(evidence text, today date) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT coalesce((SELECT k.shared_by FROM platform.evidence_kind k WHERE k.kind = evidence AND k.valid_from <= today
        ORDER BY k.valid_from DESC LIMIT 1), 'SUBJECT')
$$;;
-- Records a use of evidence, and flags it if it was used before for something with which it may not be shared.
-- Of several uses of one kind by one thing the last one counts: it names what a corrected paper names.
-- The lock lets two transactions that use the same file see each other.
CREATE FUNCTION platform.use_evidence(hash text, evidence text, subject uuid, family uuid, area text, names uuid[],
    person text, account text, at timestamptz, today date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    sharing text := platform.sharing_of(evidence, today);
    earlier bigint;
    areas text := coalesce(current_setting('pilar.areas', true), '');
    scope text := platform.raise_scope('NATIONAL');
BEGIN
    -- Row security hides the uses by other families.
    PERFORM set_config('pilar.areas', '*', true);
    PERFORM pg_advisory_xact_lock(hashtextextended(hash, 0));
    SELECT u.use_id INTO earlier FROM platform.evidence_use u, platform.sharing_of(u.kind, today) AS theirs
    WHERE u.sha256 = hash AND u.subject_id <> subject AND NOT EXISTS (SELECT FROM platform.evidence_use later
        WHERE later.sha256 = hash AND later.subject_id = u.subject_id AND later.kind = u.kind AND later.use_id > u.use_id)
        AND NOT (
        coalesce(u.kpm_id = family, false) AND 'SUBJECT' NOT IN (sharing, theirs)
        OR sharing = 'NAMED' AND theirs = 'NAMED' AND u.kode_wilayah = area
            AND subject = ANY (u.named) AND u.subject_id = ANY (names)
        OR sharing = 'ANY' AND theirs = 'ANY')
    ORDER BY u.use_id LIMIT 1;
    INSERT INTO platform.evidence_use (sha256, kind, subject_id, kpm_id, kode_wilayah, named, used_by, used_by_sub, used_at)
    VALUES (hash, evidence, subject, family, area, names, person, account, at);
    IF earlier IS NOT NULL THEN
        INSERT INTO platform.evidence_flag (reason, sha256, kind, subject_id, kpm_id, kode_wilayah, earlier_use_id,
            used_by, used_by_sub, flagged_at)
        VALUES ('USED_BEFORE', hash, evidence, subject, family, area, earlier, person, account, at)
        ON CONFLICT DO NOTHING;
    END IF;
    PERFORM set_config('pilar.areas', areas, true), platform.raise_scope(scope);
END $$;;
-- Which subjects have an open flag, also where row security hides it: what a flag holds must not go on.
CREATE FUNCTION platform.list_flagged(subjects uuid[]) RETURNS SETOF uuid LANGUAGE plpgsql STABLE AS $$
DECLARE
    areas text := coalesce(current_setting('pilar.areas', true), '');
    scope text := platform.raise_scope('NATIONAL');
BEGIN
    PERFORM set_config('pilar.areas', '*', true);
    -- Without the subquery PostgreSQL would plan each execution anew (shared/database/prepared.py).
    RETURN QUERY SELECT f.subject_id FROM platform.evidence_flag f
        WHERE f.subject_id = ANY (ARRAY(SELECT unnest(subjects))) AND f.cleared_at IS NULL;
    PERFORM set_config('pilar.areas', areas, true), platform.raise_scope(scope);
END $$;;
-- All families of a file, for the audit entry of its download: also those that row security hides from the reader.
CREATE FUNCTION platform.list_families_of_file(hash text) RETURNS SETOF uuid LANGUAGE plpgsql STABLE AS $$
DECLARE
    areas text := coalesce(current_setting('pilar.areas', true), '');
    partner text := coalesce(current_setting('pilar.partner', true), '');
    scope text := platform.raise_scope('NATIONAL');
BEGIN
    PERFORM set_config('pilar.areas', '*', true), set_config('pilar.partner', '', true);
    RETURN QUERY SELECT e.kpm_id FROM platform.evidence_use e WHERE e.sha256 = hash AND e.kpm_id IS NOT NULL
        UNION SELECT f.kpm_id FROM platform.file_use f WHERE f.sha256 = hash AND f.kpm_id IS NOT NULL;
    PERFORM set_config('pilar.areas', areas, true), set_config('pilar.partner', partner, true),
        platform.raise_scope(scope);
END $$;;
"""


def build_evidence_tables(metadata: sa.MetaData) -> tuple[sa.Table, sa.Table, sa.Table]:
    """Return the tables of kinds, uses and flags in the platform's metadata."""
    kind = sa.Table(
        "evidence_kind",
        metadata,
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("valid_from", sa.Date, primary_key=True),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("shared_by", sa.Text, nullable=False),
    )
    use = sa.Table(
        "evidence_use",
        metadata,
        sa.Column("use_id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("sha256", sa.Text, nullable=False),
        *_subject(),
        sa.Column("named", sa.ARRAY(UUID(as_uuid=True)), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.Index("ix_evidence_use_sha256", "sha256", "use_id"),
    )
    return kind, use, _build_flag(metadata)


def _subject() -> list[sa.Column[object]]:
    """Return the columns of what the evidence was used for, and by whom."""
    return [
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("subject_id", UUID(as_uuid=True), nullable=False),
        sa.Column("kpm_id", UUID(as_uuid=True)),
        sa.Column("kode_wilayah", sa.Text(collation="C"), nullable=False),
        sa.Column("used_by", sa.Text, nullable=False),
        sa.Column("used_by_sub", sa.Text, nullable=False),
    ]


OPEN_FLAG = Waits(
    {"OPEN": Owner(Role.KETUA_TIM_KABKOTA)},
    state="'OPEN'",
    since="(flagged_at AT TIME ZONE 'Asia/Jakarta')::date",
    rows="cleared_at IS NULL",
)


def _build_flag(metadata: sa.MetaData) -> sa.Table:
    is_open = sa.text("cleared_at IS NULL")
    return sa.Table(
        "evidence_flag",
        metadata,
        sa.Column("flag_id", UUID(as_uuid=True), primary_key=True, server_default=sa.func.uuidv7()),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("sha256", sa.Text),
        *_subject(),
        sa.Column("earlier_use_id", sa.BigInteger, sa.ForeignKey("platform.evidence_use.use_id")),
        sa.Column("flagged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cleared_at", sa.DateTime(timezone=True)),
        sa.Column("cleared_by", sa.Text),
        sa.Column("cleared_by_sub", sa.Text),
        sa.Column("clearance_sealed", sa.LargeBinary),
        *track_updates(),
        sa.Index("ix_evidence_flag_subject_id", "subject_id"),
        sa.Index("ix_evidence_flag_kpm_id", "kpm_id"),
        sa.Index("ix_evidence_flag_open", "kode_wilayah", "flag_id", postgresql_where=is_open),
        sa.Index(
            "uq_evidence_flag_subject_id_sha256",
            *("subject_id", "sha256", "reason"),
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
        **track_waits(OPEN_FLAG),
    )
