"""The tables of the audit trail, the same in every service.

Their DDL is in `shared/audit/ddl.py`.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, UUID

from shared.schema import metadata

INSTANT = sa.DateTime(timezone=True)
ID = UUID(as_uuid=True)


def _column(name: str, kind: Any, **more: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False, **more)


audit_entry = sa.Table(
    "audit_entry",
    metadata,
    sa.Column("at", INSTANT, primary_key=True),
    sa.Column("audit_id", ID, primary_key=True),
    _column("transaction_id", sa.BigInteger, server_default=sa.text("pg_current_xact_id()::text::bigint")),
    sa.Column("writer_id", ID),
    sa.Column("number", sa.BigInteger),
    _column("actor", sa.Text),
    sa.Column("pendamping_id", ID),
    _column("roles", ARRAY(sa.Text)),
    _column("areas", ARRAY(sa.Text)),
    sa.Column("partner_id", ID),
    sa.Column("purpose", sa.Text),
    sa.Column("kode_wilayah", sa.Text),
    _column("act", sa.Text),
    _column("resource", sa.Text),
    _column("subject_ids", ARRAY(ID)),
    _column("subject_count", sa.Integer),
    sa.Column("id_hash", sa.LargeBinary),
    _column("field_classes", ARRAY(sa.Text)),
    _column("outcome", sa.Text),
    _column("status", sa.SmallInteger),
    _column("request_id", sa.Text),
    _column("mac", sa.LargeBinary),
    sa.Index("ix_audit_entry_transaction_id", "transaction_id", "audit_id"),
    sa.Index("ix_audit_entry_actor", "actor", "at", "audit_id"),
    sa.Index("ix_audit_entry_subject_ids", "subject_ids", postgresql_using="gin"),
    sa.Index("ix_audit_entry_denied", "at", "audit_id", postgresql_where=sa.text("outcome = 'DENIED'")),
    sa.Index(
        "ix_audit_entry_kode_wilayah",
        *("kode_wilayah", "at", "audit_id"),
        postgresql_where=sa.text("kode_wilayah IS NOT NULL"),
    ),
    postgresql_partition_by="RANGE (at)",
)
HASHES = ("merkle_root", "previous_hash", "block_hash", "signature", "public_key")
audit_block = sa.Table(
    "audit_block",
    metadata,
    sa.Column("block_no", sa.BigInteger, primary_key=True, autoincrement=False),
    *(_column(name, INSTANT) for name in ("closed_at", "first_at", "last_at")),
    _column("entry_count", sa.Integer),
    _column("last_transaction_id", sa.BigInteger),
    _column("last_audit_id", ID),
    _column("entry_ids", ARRAY(ID)),
    _column("entry_times", ARRAY(INSTANT)),
    _column("digests", ARRAY(sa.LargeBinary)),
    _column("faulty_ids", ARRAY(ID)),
    *(_column(name, sa.LargeBinary) for name in HASHES),
    sa.Index("ix_audit_block_faulty", "block_no", postgresql_where=sa.text("faulty_ids <> '{}'")),
)
audit_witness = sa.Table(
    "audit_witness",
    metadata,
    sa.Column("service", sa.Text, primary_key=True),
    sa.Column("block_no", sa.BigInteger, primary_key=True, autoincrement=False),
    _column("closed_at", INSTANT),
    _column("entry_count", sa.Integer),
    *(_column(name, sa.LargeBinary) for name in HASHES),
    _column("received_at", INSTANT, server_default=sa.func.clock_timestamp()),
)
bulk_read_limit = sa.Table(
    "bulk_read_limit",
    metadata,
    sa.Column("id", sa.SmallInteger, primary_key=True, server_default="1"),
    _column("families", sa.Integer, server_default="1000"),
    _column("minutes", sa.Integer, server_default="60"),
)
bulk_read = sa.Table(
    "bulk_read",
    metadata,
    sa.Column("bulk_read_id", ID, primary_key=True),
    _column("actor", sa.Text),
    _column("first_at", INSTANT),
    _column("last_at", INSTANT),
    _column("families", sa.Integer),
    _column("reported_at", INSTANT, server_default=sa.func.clock_timestamp()),
    sa.Index("ix_bulk_read_actor", "actor", "last_at"),
)
