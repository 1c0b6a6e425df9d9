"""Monitoring tasks, and the outcome of a yearly cohort."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.monitoring.models import MonitoringTask, MonitoringTaskView, TaskKind
from services.graduation.policy.models.policy import Policy
from services.graduation.replicas.models import Dampingan, Penugasan, WilayahTugas
from services.graduation.visibility import held_by
from shared import clock
from shared.access import Actor, Permission, Scope
from shared.areas import in_areas
from shared.validity import holds_on
from shared.wilayah import NATIONAL

OPEN_TASK = sa.and_(MonitoringTask.recorded_on.is_(None), MonitoringTask.closed_on.is_(None))


async def my_tasks(session: AsyncSession, actor: Actor) -> sa.ColumnElement[bool]:
    """The open tasks of the families that the caller holds today; and of the area, what nobody holds any more."""
    today = await clock.today(session)
    if not actor.may(Permission.MONITORING_RECORD):
        return sa.and_(OPEN_TASK, in_areas(MonitoringTask.kode_wilayah, actor.areas))
    held = sa.select(MonitoringTask.task_id).where(
        OPEN_TASK, MonitoringTask.kpm_id.in_(held_by(actor, today))
    )
    areas = (await session.scalars(_placed(actor, today))).all()
    return MonitoringTask.task_id.in_(held.union_all(_left_alone(areas, today)))


def _placed(actor: Actor, on: date) -> sa.Select[Any]:
    """The areas of the caller's placements; asked first, because a range that is joined finds no index."""
    return (
        sa.select(WilayahTugas.kode_wilayah)
        .join(Penugasan, Penugasan.penugasan_id == WilayahTugas.penugasan_id)
        .where(
            Penugasan.pendamping_id == actor.pendamping_id, _holds(Penugasan, on), _holds(WilayahTugas, on)
        )
    )


def _left_alone(areas: Sequence[str], on: date) -> sa.Select[Any]:
    """Follow-ups in these areas of families that nobody accompanies on a date."""
    nobody = sa.select(Dampingan.dampingan_id).where(
        Dampingan.kpm_id == MonitoringTask.kpm_id, _holds(Dampingan, on)
    )
    return sa.select(MonitoringTask.task_id).where(
        OPEN_TASK,
        MonitoringTask.kind == TaskKind.LANJUTAN,
        in_areas(MonitoringTask.kode_wilayah, areas),
        sa.not_(nobody.exists()),
    )


def _holds(model: type[Dampingan | Penugasan | WilayahTugas], on: date) -> sa.ColumnElement[bool]:
    return holds_on(model.valid_from, model.valid_to, on)


TASK = tuple(getattr(MonitoringTask, name) for name in MonitoringTaskView.model_fields)


@dataclass(frozen=True, slots=True)
class TaskFilter:
    """Which tasks are wanted; `mine`: of the families that the caller holds today, and of those that nobody holds."""

    graduasi_id: UUID | None = None
    open_only: bool = True
    mine: bool = False
    due_by: date | None = None


async def tasks(session: AsyncSession, actor: Actor, wanted: TaskFilter) -> Any:
    """Select monitoring tasks; a pendamping sees those of the families they hold today."""
    statement = sa.select(*TASK)
    if wanted.mine:
        statement = statement.where(await my_tasks(session, actor))
    elif actor.scope is Scope.OWN_FAMILIES:
        held = held_by(actor, await clock.today(session))
        statement = statement.where(MonitoringTask.kpm_id.in_(held))
    else:
        statement = statement.where(in_areas(MonitoringTask.kode_wilayah, actor.areas))
    if wanted.graduasi_id is not None:
        statement = statement.where(MonitoringTask.graduasi_id == wanted.graduasi_id)
    if wanted.open_only:
        statement = statement.where(OPEN_TASK)
    if wanted.due_by is not None:
        statement = statement.where(MonitoringTask.due_on <= wanted.due_by)
    return statement


MONTHS = sa.select(Policy.exit_reason, sa.func.unnest(Policy.survival_months).label("month")).distinct()
# The statements below name the caller's areas themselves, of the penetapan; a family's later rows may lie elsewhere.
SCOPE = sa.text("SELECT coalesce(current_setting('pilar.areas', true), '')")
LIFT = sa.text("SELECT set_config('pilar.areas', :areas, true)")
# One row a case of the year. The areas are ranges, which an index finds.
CASES = """
WITH cohort AS MATERIALIZED (
    SELECT g.graduasi_id, g.exit_reason, g.policy_id, p.effective_on,
        g.state = 'DIPULIHKAN' AS annulled, c.certificate_no IS NOT NULL AND g.state <> 'DIPULIHKAN' AS effective
    FROM sk JOIN penetapan p USING (sk_id) JOIN graduasi g USING (graduasi_id)
    LEFT JOIN certificate c USING (graduasi_id)
    WHERE sk.sk_on >= make_date(CAST(:year AS int), 1, 1) AND sk.sk_on < make_date(CAST(:year AS int) + 1, 1, 1)
    {inside}
)
"""
COUNTS = (
    CASES  # noqa: S608 (our own words)
    + """, aid AS (
    SELECT r.graduasi_id, bool_or(r.sent_on IS NOT NULL) AS sent,
        bool_or(r.answer = 'DISETUJUI' OR r.delivered_on IS NOT NULL) AS accepted,
        bool_or(r.delivered_on IS NOT NULL) AS delivered,
        coalesce(sum(r.amount_rp) FILTER (WHERE r.delivered_on IS NOT NULL), 0) AS amount_rp
    FROM cohort JOIN replica_rujukan.rujukan_program r USING (graduasi_id) GROUP BY r.graduasi_id
)
SELECT exit_reason, count(*) AS determined, count(*) FILTER (WHERE annulled) AS annulled,
    count(*) FILTER (WHERE effective) AS effective, count(*) FILTER (WHERE sent) AS sent,
    count(*) FILTER (WHERE accepted) AS accepted, count(*) FILTER (WHERE delivered) AS delivered,
    coalesce(sum(amount_rp), 0)::bigint AS amount_rp
FROM cohort LEFT JOIN aid USING (graduasi_id) GROUP BY exit_reason ORDER BY exit_reason"""
)
SURVIVAL = (
    CASES  # noqa: S608 (our own words)
    + """, fallen AS (
    SELECT t.graduasi_id, t.month FROM cohort JOIN monitoring_task t USING (graduasi_id) WHERE t.confirms_relapse
)
SELECT c.exit_reason, m.month, count(*) AS reached,
    count(*) FILTER (WHERE t.recorded_on IS NOT NULL OR f.month <= m.month) AS seen,
    count(*) FILTER (WHERE t.still_out AND (f.month IS NULL OR f.month > m.month)) AS still_out
FROM cohort c JOIN policy USING (policy_id) CROSS JOIN unnest(policy.survival_months) AS m(month)
LEFT JOIN monitoring_task t ON t.graduasi_id = c.graduasi_id AND t.month = m.month AND t.kind <> 'LAPORAN'
LEFT JOIN fallen f ON f.graduasi_id = c.graduasi_id
WHERE c.effective AND c.effective_on + make_interval(months => m.month) <= CAST(:today AS date)
GROUP BY c.exit_reason, m.month ORDER BY c.exit_reason, m.month"""
)


def narrowed(statement: str, actor: Actor, kode_wilayah: str | None) -> tuple[sa.TextClause, dict[str, str]]:
    """Return the statement over the caller's areas and one asked for, and its values."""
    asked: list[Sequence[str]] = [] if actor.national else [actor.areas]
    asked += [[kode_wilayah]] if kode_wilayah else []
    inside, values = "", dict[str, str]()
    for areas in asked:
        ranges = ["false"]
        for area in areas:
            name = f"area{len(values)}"
            values |= {name: area}
            ranges.append(f"(p.kode_wilayah >= :{name} AND p.kode_wilayah < :{name} || '/')")
        inside += f" AND ({' OR '.join(ranges)})"
    binds = (sa.bindparam(name, type_=sa.Text()) for name in values)
    return sa.text(statement.format(inside=inside)).bindparams(*binds), values


async def cohort(session: AsyncSession, actor: Actor, year: int, kode_wilayah: str | None) -> dict[str, Any]:
    """Return the families determined in SK of a year, per exit reason, in the caller's areas or one below them.

    A family counts where it lived when it was determined, also after it has moved on: what became of it elsewhere is
    read for the sum, and nothing but numbers leaves.
    Of those in effect it says at each month of survival of their policy how many have come so far, were seen, and were
    still out; a
    family whose relapse is confirmed counts as seen, and as out no more. Money in rupiah.
    """
    asked_of: defaultdict[str, list[int]] = defaultdict(list)
    for exit_reason, month in await session.execute(MONTHS.order_by("month")):
        asked_of[exit_reason].append(month)
    counts, areas = narrowed(COUNTS, actor, kode_wilayah)
    asked = {"year": year, "today": await clock.today(session), **areas}
    scope = await session.scalar(SCOPE)
    await session.execute(LIFT, {"areas": NATIONAL})
    rows = (await session.execute(counts, {"year": year, **areas})).mappings().all()
    seen = (await session.execute(narrowed(SURVIVAL, actor, kode_wilayah)[0], asked)).all()
    await session.execute(LIFT, {"areas": scope})
    after = {(row.exit_reason, row.month): row for row in seen}
    return {
        "year": year,
        "kode_wilayah": kode_wilayah,
        "items": [
            {
                **row,
                "survival": [
                    _survival(after.get((row["exit_reason"], month)), month)
                    for month in asked_of[row["exit_reason"]]
                ],
            }
            for row in rows
        ],
    }


def _survival(row: Any, month: int) -> dict[str, int]:
    return {
        "month": month,
        "reached": row.reached if row else 0,
        "seen": row.seen if row else 0,
        "still_out": row.still_out if row else 0,
    }
