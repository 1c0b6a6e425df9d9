"""The tables of deadlines, the same in every service. Their DDL is in `shared/ddl.py`."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, UUID, ExcludeConstraint

from shared.schema import metadata

deadline_rule = sa.Table(
    "deadline_rule",
    metadata,
    sa.Column("deadline_rule_id", UUID(as_uuid=True), primary_key=True),
    sa.Column("subject_kind", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("owner", sa.Text),
    sa.Column("days", sa.Integer, nullable=False),
    sa.Column("escalate_to", JSONB, nullable=False),
    sa.Column("basis", sa.Text, nullable=False),
    sa.Column("valid_from", sa.Date, nullable=False),
    sa.Column("valid_to", sa.Date),
    sa.Column("set_by", sa.Text, nullable=False),
    sa.Column("set_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.clock_timestamp()),
    ExcludeConstraint(
        ("subject_kind", "="),
        ("state", "="),
        (sa.text("daterange(valid_from, valid_to)"), "&&"),
        name="ex_deadline_rule_range",
        using="gist",
    ),
)
overdue = sa.Table(
    "overdue",
    metadata,
    sa.Column("overdue_id", UUID(as_uuid=True), primary_key=True),
    sa.Column("subject_kind", sa.Text, nullable=False),
    sa.Column("subject_id", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("kpm_id", UUID(as_uuid=True)),
    sa.Column("kode_wilayah", sa.Text(collation="C"), nullable=False),
    sa.Column("since_on", sa.Date, nullable=False),
    sa.Column("due_on", sa.Date, nullable=False),
    sa.Column("owner", sa.Text, nullable=False),
    sa.Column("level", sa.SmallInteger, nullable=False),
    sa.Column("escalated_to", sa.Text),
    sa.Column("noted_on", sa.Date, nullable=False),
    sa.Column("resolved_on", sa.Date),
    sa.Index(
        "uq_overdue_open",
        *("subject_kind", "subject_id", "state"),
        unique=True,
        postgresql_where=sa.text("resolved_on IS NULL"),
    ),
    sa.Index("ix_overdue_due_on", "due_on", "overdue_id", postgresql_where=sa.text("resolved_on IS NULL")),
    sa.Index(
        "ix_overdue_kode_wilayah", "kode_wilayah", "due_on", postgresql_where=sa.text("resolved_on IS NULL")
    ),
    sa.Index("ix_overdue_kpm_id", "kpm_id", postgresql_where=sa.text("resolved_on IS NULL")),
)
