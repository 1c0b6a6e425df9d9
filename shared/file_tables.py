"""Tables of files: content, uploads and uses (docs/architecture.md#files)."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import UUID

# Part of the DDL of the platform (`shared/ddl.py`).
FILE_V1 = """
-- A file has the name of what was uploaded. `size` and `stored_sha256` are of what is stored, which has no metadata.
-- After `expires_at` an unused file is deleted. Null: it was in use when that was last checked.
CREATE TABLE platform.file (
    sha256 text PRIMARY KEY CONSTRAINT ck_file_sha256 CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    size bigint NOT NULL, chunks integer NOT NULL, media_type text NOT NULL,
    stored_sha256 text NOT NULL CONSTRAINT ck_file_stored_sha256 CHECK (stored_sha256 ~ '^[0-9a-f]{64}$'),
    metadata_sealed bytea,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(), expires_at timestamptz
);;
CREATE INDEX ix_file_expires_at ON platform.file (expires_at) WHERE expires_at IS NOT NULL;;
CREATE TABLE platform.file_chunk (
    sha256 text NOT NULL REFERENCES platform.file (sha256) ON DELETE CASCADE,
    number integer NOT NULL, sealed bytea NOT NULL,
    PRIMARY KEY (sha256, number)
);;
-- Who uploaded a file: one row for each account.
CREATE TABLE platform.file_upload (
    sha256 text NOT NULL REFERENCES platform.file (sha256) ON DELETE CASCADE,
    account text NOT NULL, person text NOT NULL, uploaded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (sha256, account)
);;
-- Uses that are no evidence. Those of evidence are in evidence_use.
CREATE TABLE platform.file_use (
    sha256 text NOT NULL REFERENCES platform.file (sha256),
    kind text NOT NULL CONSTRAINT ck_file_use_kind CHECK (kind IN ('JOB', 'DATA_SUPPLY')),
    subject_id uuid NOT NULL, kpm_id uuid, used_by_sub text NOT NULL, used_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (sha256, kind, subject_id)
);;
-- An upload in parts, until it becomes the file `sha256` or expires.
CREATE TABLE platform.upload (
    upload_id uuid PRIMARY KEY, account text NOT NULL, media_type text NOT NULL, metadata_sealed bytea,
    size bigint NOT NULL, received bigint NOT NULL DEFAULT 0, sha256 text, expires_at timestamptz NOT NULL,
    CONSTRAINT ck_upload_received CHECK (received BETWEEN 0 AND size),
    CONSTRAINT ck_upload_complete CHECK ((sha256 IS NOT NULL) = (received = size))
);;
CREATE INDEX ix_upload_account ON platform.upload (account);;
CREATE INDEX ix_upload_expires_at ON platform.upload (expires_at);;
CREATE TABLE platform.upload_part (
    upload_id uuid NOT NULL REFERENCES platform.upload (upload_id) ON DELETE CASCADE,
    begins_at bigint NOT NULL, sealed bytea NOT NULL,
    PRIMARY KEY (upload_id, begins_at)
);;
"""


def build_file_tables(metadata: sa.MetaData) -> tuple[sa.Table, sa.Table]:
    """Return the tables of files and their chunks in the platform's metadata."""
    file = sa.Table(
        "file",
        metadata,
        sa.Column("sha256", sa.Text, primary_key=True),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("chunks", sa.Integer, nullable=False),
        sa.Column("media_type", sa.Text, nullable=False),
        sa.Column("stored_sha256", sa.Text, nullable=False),
        sa.Column("metadata_sealed", sa.LargeBinary),
        _now("created_at"),
        sa.Column("expires_at", sa.DateTime(timezone=True)),
        sa.Index("ix_file_expires_at", "expires_at", postgresql_where=sa.text("expires_at IS NOT NULL")),
    )
    chunk = sa.Table(
        "file_chunk",
        metadata,
        _sha256(ondelete="CASCADE"),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
    )
    return file, chunk


def build_file_use_tables(metadata: sa.MetaData) -> tuple[sa.Table, sa.Table]:
    """Return the tables of who uploaded a file, and of its uses."""
    upload = sa.Table(
        "file_upload",
        metadata,
        _sha256(ondelete="CASCADE"),
        sa.Column("account", sa.Text, primary_key=True),
        sa.Column("person", sa.Text, nullable=False),
        _now("uploaded_at"),
    )
    use = sa.Table(
        "file_use",
        metadata,
        _sha256(),
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("subject_id", UUID(as_uuid=True), primary_key=True),
        sa.Column("kpm_id", UUID(as_uuid=True)),
        sa.Column("used_by_sub", sa.Text, nullable=False),
        _now("used_at"),
    )
    return upload, use


def build_upload_tables(metadata: sa.MetaData) -> tuple[sa.Table, sa.Table]:
    """Return the tables of uploads in parts."""
    upload = sa.Table(
        "upload",
        metadata,
        sa.Column("upload_id", UUID(as_uuid=True), primary_key=True),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("media_type", sa.Text, nullable=False),
        # As the client sent it, because a file name may be personal.
        sa.Column("metadata_sealed", sa.LargeBinary),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("received", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("sha256", sa.Text),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Index("ix_upload_account", "account"),
        sa.Index("ix_upload_expires_at", "expires_at"),
    )
    key = sa.ForeignKey("platform.upload.upload_id", ondelete="CASCADE")
    part = sa.Table(
        "upload_part",
        metadata,
        sa.Column("upload_id", UUID(as_uuid=True), key, primary_key=True),
        sa.Column("begins_at", sa.BigInteger, primary_key=True),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
    )
    return upload, part


def _sha256(*, ondelete: str | None = None) -> sa.Column[str]:
    key = sa.ForeignKey("platform.file.sha256", ondelete=ondelete)
    return sa.Column("sha256", sa.Text, key, primary_key=True)


def _now(name: str) -> sa.Column[object]:
    return sa.Column(
        name, sa.DateTime(timezone=True), nullable=False, server_default=sa.func.clock_timestamp()
    )
