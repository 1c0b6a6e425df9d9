"""Tables of the use of evidence: kinds, uses and flags (docs/case-lifecycle.md#evidence)."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import UUID


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
        sa.Column("clearance", sa.Text),
        sa.Index("ix_evidence_flag_subject_id", "subject_id"),
        sa.Index("ix_evidence_flag_kpm_id", "kpm_id"),
        sa.Index("ix_evidence_flag_open", "kode_wilayah", "flag_id", postgresql_where=is_open),
        sa.Index(
            "uq_evidence_flag_subject_id_sha256",
            "subject_id",
            "sha256",
            "reason",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
    )
