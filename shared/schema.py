"""The platform's own tables, the same in every service.

They are Core tables for queries, and versioned DDL for migrations. A service's migration calls
`platform_v1(op.execute, service)`. A later release adds `platform_v2` and never edits v1.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import pairwise

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, UUID

from shared.ddl import PLATFORM_V1
from shared.deadlines import END, Until, Waits, WatchedBy, track_waits
from shared.evidence_tables import EVIDENCE_V1, build_evidence_tables
from shared.file_tables import FILE_V1, build_file_tables, build_file_use_tables, build_upload_tables
from shared.updates import track_updates

SHARDS = 24
MONTHS_AHEAD = 24

metadata = sa.MetaData(schema="platform")


def _at(name: str, *, nullable: bool = False) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


epoch = sa.Table(
    "epoch",
    metadata,
    sa.Column("id", sa.SmallInteger, primary_key=True, server_default="1"),
    sa.Column("value", sa.Integer, nullable=False, server_default="1"),
    _at("raised_at", nullable=True),
)
stream = sa.Table(
    "stream",
    metadata,
    sa.Column("topic", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("seq", sa.BigInteger, nullable=False),
)
outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("recorded_at", sa.DateTime(timezone=True), primary_key=True),
    sa.Column("outbox_id", sa.BigInteger, primary_key=True),
    sa.Column("event_id", UUID(as_uuid=True), nullable=False),
    sa.Column("shard", sa.SmallInteger, nullable=False),
    sa.Column("topic", sa.Text, nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("epoch", sa.Integer, nullable=False),
    sa.Column("seq", sa.BigInteger, nullable=False),
    sa.Column("wire", sa.Text, nullable=False),
    sa.Column("body", sa.Text),
    sa.Index("ix_outbox_topic_key_seq", "topic", "key", "seq"),
    sa.Index("ix_outbox_outbox_id", "outbox_id"),
    postgresql_partition_by="RANGE (recorded_at)",
)
unsent = sa.Table(
    "unsent",
    metadata,
    sa.Column("shard", sa.SmallInteger, nullable=False),
    sa.Column("outbox_id", sa.BigInteger, primary_key=True),
    _at("recorded_at"),
    **track_waits(Waits({"UNSENT": WatchedBy("unsent_oldest_seconds")}, state="'UNSENT'")),
)
local_log = sa.Table(
    "local_log",
    metadata,
    sa.Column("topic", sa.Text, primary_key=True),
    sa.Column("partition", sa.SmallInteger, primary_key=True),
    sa.Column("offset", sa.BigInteger, primary_key=True),
    sa.Column("outbox_id", sa.BigInteger, nullable=False),
    _at("recorded_at"),
)
cursor = sa.Table(
    "cursor",
    metadata,
    sa.Column("subscription", sa.Text, primary_key=True),
    sa.Column("topic", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("epoch", sa.Integer, nullable=False, server_default="0"),
    sa.Column("seq", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("event_id", UUID(as_uuid=True)),
    sa.Column("state", sa.Text, nullable=False, server_default="OPEN"),
    sa.Index(
        "ix_cursor_blocked", "subscription", "topic", "key", postgresql_where=sa.text("state <> 'OPEN'")
    ),
    **track_waits(
        Waits(
            {"OPEN": END, "GAP": WatchedBy("parked_events"), "PARKED": WatchedBy("parked_events")}
            | {"DIVERGED": WatchedBy("divergences")}
        )
    ),
)
parked = sa.Table(
    "parked",
    metadata,
    sa.Column("parked_id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("subscription", sa.Text, nullable=False),
    sa.Column("topic", sa.Text, nullable=False),
    sa.Column("key", sa.Text),
    sa.Column("epoch", sa.Integer),
    sa.Column("seq", sa.BigInteger),
    sa.Column("event_id", UUID(as_uuid=True)),
    sa.Column("wire", sa.Text),
    sa.Column("partition", sa.SmallInteger, nullable=False),
    sa.Column("offset", sa.BigInteger, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("error", sa.Text),
    sa.Column("sqlstate", sa.Text),
    sa.Column("constraint_name", sa.Text),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="1"),
    sa.Column(
        "parked_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.clock_timestamp()
    ),
    sa.Index("ix_parked_subscription_parked_id", "subscription", "parked_id"),
    sa.Index("ix_parked_subscription_topic_key_seq", "subscription", "topic", "key", "epoch", "seq"),
    sa.UniqueConstraint("subscription", "topic", "partition", "offset", name="uq_parked_place"),
)
consumer_offset = sa.Table(
    "consumer_offset",
    metadata,
    sa.Column("subscription", sa.Text, primary_key=True),
    sa.Column("topic", sa.Text, primary_key=True),
    sa.Column("partition", sa.SmallInteger, primary_key=True),
    sa.Column("next_offset", sa.BigInteger, nullable=False),
    sa.Column("last_event_id", UUID(as_uuid=True)),
    sa.Column("generation", sa.Integer, nullable=False, server_default="0"),
    sa.Column("stopped", sa.Text),
)
idempotency = sa.Table(
    "idempotency",
    metadata,
    sa.Column("client", sa.Text, primary_key=True),
    sa.Column("method", sa.Text, primary_key=True),
    sa.Column("path", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("request_hash", sa.LargeBinary, nullable=False),
    sa.Column("status", sa.SmallInteger),
    sa.Column("headers", JSONB),
    sa.Column("sealed", sa.LargeBinary),
    sa.Column(
        "created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.clock_timestamp()
    ),
    _at("expires_at"),
    sa.Index("ix_idempotency_expires_at", "expires_at"),
)
job = sa.Table(
    "job",
    metadata,
    sa.Column("job_id", UUID(as_uuid=True), primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False, server_default="QUEUED"),
    sa.Column("params", JSONB, nullable=False, server_default="{}"),
    sa.Column("place", JSONB, nullable=False, server_default="{}"),
    sa.Column("total", sa.BigInteger),
    sa.Column("done", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("refused", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("report", JSONB, nullable=False, server_default="{}"),
    sa.Column("actor_sub", sa.Text, nullable=False),
    sa.Column("actor", JSONB, nullable=False),
    sa.Column("areas", sa.ARRAY(sa.Text), nullable=False, server_default="{}"),
    sa.Column("cancel_requested", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("error", sa.Text),
    sa.Column("reason", JSONB),
    sa.Column("lease", UUID(as_uuid=True)),
    _at("lease_until", nullable=True),
    sa.Column(
        "created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.clock_timestamp()
    ),
    _at("started_at", nullable=True),
    _at("ended_at", nullable=True),
    sa.Column(
        "turn_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.clock_timestamp()
    ),
    *track_updates(),
    sa.Index("ix_job_actor_sub", "actor_sub", "job_id"),
    sa.Index("ix_job_open", "turn_at", postgresql_where=sa.text("state IN ('QUEUED', 'RUNNING')")),
    **track_waits(
        Waits(
            dict.fromkeys(("QUEUED", "RUNNING"), WatchedBy("job_oldest_seconds"))
            | dict.fromkeys(("DONE", "CANCELLED", "FAILED"), END)
        )
    ),
)
job_row_error = sa.Table(
    "job_row_error",
    metadata,
    sa.Column("job_id", UUID(as_uuid=True), sa.ForeignKey("platform.job.job_id"), primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True, server_default="ERROR"),
    sa.Column("row", sa.BigInteger, primary_key=True),
    sa.Column("number", sa.SmallInteger, primary_key=True),
    sa.Column("column", sa.Text),
    sa.Column("code", sa.Text, nullable=False),
    sa.Column("reason", JSONB, nullable=False),
    sa.Column("params", JSONB, nullable=False, server_default="{}"),
)
scheduled_task = sa.Table(
    "scheduled_task",
    metadata,
    sa.Column("scheduled_task_id", UUID(as_uuid=True), primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("subject_id", sa.Text, nullable=False),
    sa.Column("clock", sa.Text, nullable=False),
    _at("due_at"),
    sa.Column("payload", JSONB, nullable=False, server_default="{}"),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("error", sa.Text),
    sa.Column("lease", UUID(as_uuid=True)),
    _at("lease_until", nullable=True),
    _at("done_at", nullable=True),
    sa.Column("lane", sa.Text),
    sa.UniqueConstraint("kind", "subject_id", name="uq_scheduled_task_kind_subject_id"),
    sa.Index("ix_scheduled_task_open", "clock", "due_at", postgresql_where=sa.text("done_at IS NULL")),
    sa.Index(
        "ix_scheduled_task_lane", "lane", postgresql_where=sa.text("done_at IS NULL AND lane IS NOT NULL")
    ),
    sa.Index(
        "ix_scheduled_task_leased",
        "lane",
        postgresql_where=sa.text("done_at IS NULL AND lane IS NOT NULL AND lease IS NOT NULL"),
    ),
    **track_waits(
        Waits(
            {
                "business": Until("(due_at AT TIME ZONE 'Asia/Jakarta')::date"),
                "real": WatchedBy("due_late_seconds"),
            },
            state="clock",
            rows="done_at IS NULL",
        )
    ),
)
file, file_chunk = build_file_tables(metadata)
file_upload, file_use = build_file_use_tables(metadata)
upload, upload_part = build_upload_tables(metadata)
evidence_kind, evidence_use, evidence_flag = build_evidence_tables(metadata)
business_clock = sa.Table(
    "business_clock",
    metadata,
    sa.Column("id", sa.SmallInteger, primary_key=True, server_default="1"),
    sa.Column("offset_seconds", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("set_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.clock_timestamp()),
)


def platform_v1(
    execute: Callable[[str], object],
    service: str,
    *,
    topics: Sequence[str] = (),
    today: datetime | None = None,
) -> None:
    """Create the platform's tables for `service`, with the rights of its roles.

    `topics` are those that the service writes beside its own.
    """
    written = ", ".join(f"'{topic}'" for topic in (f"pilar.{service}", f"pilar.audit.{service}", *topics))
    ddl = PLATFORM_V1.replace("{evidence}", EVIDENCE_V1).replace("{file}", FILE_V1)
    for statement in ddl.replace("{service}", service).replace("{topics}", written).split(";;"):
        if statement.strip():
            execute(statement)
    for first, following in pairwise(months_from(today or datetime.now(UTC), MONTHS_AHEAD + 2)):
        execute(f"SELECT platform.make_month('{first:%Y-%m-01}', '{following:%Y-%m-01}')")


def months_from(day: datetime, count: int) -> list[datetime]:
    """Return first days of months, from the month before: a clock may be behind."""
    start = day.year * 12 + day.month - 2
    return [datetime((start + n) // 12, (start + n) % 12 + 1, 1, tzinfo=UTC) for n in range(count)]


def replica_schema(execute: Callable[[str], object], service: str, subscription: str) -> None:
    """Create the PostgreSQL schema for the tables of one replica subscription."""
    name = f"replica_{subscription}"
    execute(f"CREATE SCHEMA IF NOT EXISTS {name}")
    for role in ("api", "worker"):
        execute(f"GRANT USAGE ON SCHEMA {name} TO {service}_{role}")
    execute(f"ALTER DEFAULT PRIVILEGES IN SCHEMA {name} GRANT SELECT ON TABLES TO {service}_api")
    execute(
        f"ALTER DEFAULT PRIVILEGES IN SCHEMA {name} "
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {service}_worker"
    )
