"""The daily work that writes which rows wait too long."""

import time
from collections.abc import Sequence
from datetime import date, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from shared import clock
from shared.dates import midnight
from shared.deadlines.rules import Rules
from shared.deadlines.waiting_tables import WaitingTable, find_waiting_tables, list_escalations
from shared.jobs import ScheduledTask, Work, schedule

WRITE_OVERDUE = "overdue.write"
MOST_ROWS = 20_000
STEP_SECONDS = 5.0
COLUMNS = (
    *("subject_kind", "subject_id", "state", "kpm_id", "kode_wilayah", "since_on", "due_on", "owner"),
    *("level", "escalated_to"),
)
# What changes while a row stays in its state.
CHANGING = COLUMNS[3:]
TODAY = sa.bindparam("today", type_=sa.Date())
# One statement per table: what no longer waits is resolved, what waits on is updated, what is new is added.
STATEMENT = """
WITH rule (state, owner, after, roles) AS (VALUES {rules}),
waiting AS MATERIALIZED (
    SELECT '{kind}' AS subject_kind, {key} AS subject_id, w.state, w.kpm_id, coalesce(w.kode_wilayah, '*') AS kode_wilayah,
        coalesce(w.since_on, w.due_on) AS since_on, w.due_on, w.owner, l.level::smallint, r.roles[l.level] AS escalated_to
    FROM ({select}) w JOIN rule r USING (state, owner)
    CROSS JOIN LATERAL (SELECT count(*)::int AS level FROM unnest(r.after) AS a WHERE a < :today - w.due_on) l
    WHERE w.due_on < :today
),
open AS NOT MATERIALIZED (SELECT * FROM platform.overdue WHERE subject_kind = '{kind}' AND resolved_on IS NULL),
resolved AS (
    UPDATE platform.overdue o SET resolved_on = :today FROM (
        SELECT overdue_id FROM open WHERE NOT EXISTS (
            SELECT FROM waiting w WHERE w.subject_id = open.subject_id AND w.state = open.state)
        LIMIT :most) AS past
    WHERE o.overdue_id = past.overdue_id RETURNING 1
),
changed AS (
    UPDATE platform.overdue o SET {assignments} FROM (
        SELECT open.overdue_id, w.* FROM waiting w JOIN open USING (subject_id, state)
        WHERE ({old}) IS DISTINCT FROM ({new}) LIMIT :most) AS w
    WHERE o.overdue_id = w.overdue_id RETURNING 1
),
added AS (
    INSERT INTO platform.overdue (overdue_id, noted_on, {columns})
    SELECT uuidv7(), :today, {columns} FROM waiting w
    WHERE NOT EXISTS (SELECT FROM open WHERE open.subject_id = w.subject_id AND open.state = w.state)
    LIMIT :most RETURNING 1
)
SELECT greatest((SELECT count(*) FROM resolved), (SELECT count(*) FROM changed), (SELECT count(*) FROM added))
"""


def overdue_work(metadata: sa.MetaData) -> Work:
    """Return the work that writes the overdue rows of a service."""
    tables = find_waiting_tables(metadata)

    async def write_overdue(session: AsyncSession, due: ScheduledTask) -> None:
        """Write the rows of the next tables, and schedule the rest or the next day.

        It runs after the work that was due on earlier days, so that it finds only what was not done. The
        platform's DDL schedules the first.
        """
        today = await clock.today(session)
        start, next_start = midnight(today), int(due.payload.get("table", 0))
        if due.due_at >= start:
            next_start = await _write_tables(session, tables, next_start, today)
            if next_start == len(tables):
                start, next_start = midnight(today + timedelta(days=1)), 0
        payload = {"table": next_start}
        await schedule(session, WRITE_OVERDUE, start, subject_id=due.subject_id, payload=payload)

    return Work(scheduled_tasks={WRITE_OVERDUE: write_overdue})


async def _write_tables(
    session: AsyncSession, tables: Sequence[WaitingTable], first: int, today: date
) -> int:
    """Write the rows of tables for some seconds, and return the next table."""
    rules, until = await Rules.read(session, today), time.monotonic() + STEP_SECONDS
    for number in range(first, len(tables)):
        statement = sa.text(build_statement(tables[number], rules)).bindparams(TODAY)
        written = await session.scalar(statement, {"today": today, "most": MOST_ROWS})
        if written == MOST_ROWS:
            return number
        if time.monotonic() > until:
            return number + 1
    return len(tables)


def build_statement(table: WaitingTable, rules: Rules) -> str:
    """Return the statement that writes the overdue rows of one table."""
    values = [
        f"('{state}', '{owner}', '{{{','.join(map(str, after))}}}'::int[], '{{{','.join(roles)}}}'::text[])"
        for state, owner, after, roles in list_escalations(table, rules)
    ]
    return STATEMENT.format(
        rules=", ".join(values),
        kind=table.kind,
        key=table.key_text("w"),
        select=table.select_waiting(rules),
        columns=", ".join(COLUMNS),
        assignments=", ".join(f"{name} = w.{name}" for name in CHANGING),
        old=", ".join(f"open.{name}" for name in CHANGING),
        new=", ".join(f"w.{name}" for name in CHANGING),
    )
