"""Queries of monitoring tasks and of a yearly cohort."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.monitoring.models import (
    MonitoringTask,
    MonitoringTaskFacts,
    TaskKind,
    VoidedResult,
    VoidedResultFacts,
)
from services.graduation.policy.models.policy import Policy
from services.graduation.replicas.models import Dampingan, Penugasan, StatusRange, WilayahTugas
from services.graduation.visibility import select_accompanied_kpm
from shared import clock
from shared.access import Actor, Permission, Scope
from shared.accompaniment import status_on
from shared.areas import in_areas
from shared.contracts.kinds import PendampingStatus
from shared.database import national_scope, vault_of
from shared.evidence import is_flagged
from shared.privacy import Vault, open_texts
from shared.validity import valid_on

OPEN_TASK = sa.and_(MonitoringTask.recorded_on.is_(None), MonitoringTask.closed_on.is_(None))


async def is_own_task(session: AsyncSession, actor: Actor) -> sa.ColumnElement[bool]:
    """Return the condition that a task is open and waits for the actor.

    These are tasks of families that the actor accompanies today, and follow-ups in the actor's areas of families
    that nobody accompanies.
    """
    today = await clock.today(session)
    if not actor.may(Permission.MONITORING_RECORD):
        return sa.and_(OPEN_TASK, in_areas(MonitoringTask.kode_wilayah, actor.areas))
    accompanied = sa.select(MonitoringTask.task_id).where(
        OPEN_TASK, MonitoringTask.kpm_id.in_(select_accompanied_kpm(actor, today))
    )
    # A statement of its own: a range condition on a joined column uses no index.
    areas = (await session.scalars(_select_placement_areas(actor, today))).all()
    return MonitoringTask.task_id.in_(accompanied.union_all(_select_unaccompanied(areas, today)))


def _select_placement_areas(actor: Actor, on: date) -> sa.Select[Any]:
    return (
        sa.select(WilayahTugas.kode_wilayah)
        .join(Penugasan, Penugasan.penugasan_id == WilayahTugas.penugasan_id)
        .where(
            Penugasan.pendamping_id == actor.pendamping_id,
            _is_valid(Penugasan, on),
            _is_valid(WilayahTugas, on),
        )
    )


def _select_unaccompanied(areas: Sequence[str], on: date) -> sa.Select[Any]:
    dampingan = sa.select(Dampingan.dampingan_id).where(
        Dampingan.kpm_id == MonitoringTask.kpm_id, _is_valid(Dampingan, on)
    )
    return sa.select(MonitoringTask.task_id).where(
        OPEN_TASK,
        MonitoringTask.kind == TaskKind.LANJUTAN,
        in_areas(MonitoringTask.kode_wilayah, areas),
        sa.not_(dampingan.exists()),
    )


def _is_valid(model: type[Dampingan | Penugasan | WilayahTugas], on: date) -> sa.ColumnElement[bool]:
    return valid_on(model.valid_from, model.valid_to, on)


TASK_NAMES = (*MonitoringTaskFacts.model_fields, "note_sealed")
TASK_COLUMNS = tuple(getattr(MonitoringTask, name) for name in TASK_NAMES)


def open_note(vault: Vault, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a task with its note in clear text."""
    return open_texts(vault, row, ("note",), table="monitoring_task", row_id=row["task_id"])


def view_task(session: AsyncSession, task: MonitoringTask) -> dict[str, Any]:
    """Return a task with its note in clear text."""
    return open_note(vault_of(session), {name: getattr(task, name) for name in TASK_NAMES})


@dataclass(frozen=True, slots=True)
class TaskFilter:
    """Conditions on the tasks of a list. `mine` selects the tasks of `is_own_task`."""

    graduasi_id: UUID | None = None
    open_only: bool = True
    mine: bool = False
    due_by: date | None = None
    flagged: bool = False


IS_FLAGGED = sa.func.coalesce(
    status_on(StatusRange, MonitoringTask.pendamping_id, MonitoringTask.visited_on) != PendampingStatus.AKTIF,
    sa.false(),
)


async def select_tasks(session: AsyncSession, actor: Actor, filters: TaskFilter) -> Any:
    """Select monitoring tasks that the actor may see.

    A pendamping sees the tasks of families that they accompany today, and the own results.
    """
    evidence_flagged = is_flagged(MonitoringTask.task_id)
    flagged = sa.or_(IS_FLAGGED, evidence_flagged)
    columns = (flagged.label("flagged"), evidence_flagged.label("evidence_flagged"))
    statement = sa.select(*TASK_COLUMNS, *columns)
    if filters.flagged:
        statement = statement.where(flagged)
    if filters.mine:
        statement = statement.where(await is_own_task(session, actor))
    else:
        statement = statement.where(await _is_visible(session, actor, MonitoringTask))
    if filters.graduasi_id is not None:
        statement = statement.where(MonitoringTask.graduasi_id == filters.graduasi_id)
    if filters.open_only:
        statement = statement.where(OPEN_TASK)
    if filters.due_by is not None:
        statement = statement.where(MonitoringTask.due_on <= filters.due_by)
    return statement


async def _is_visible(
    session: AsyncSession, actor: Actor, table: type[MonitoringTask | VoidedResult]
) -> sa.ColumnElement[bool]:
    if actor.scope is not Scope.OWN_FAMILIES:
        return in_areas(table.kode_wilayah, actor.areas)
    accompanied = select_accompanied_kpm(actor, await clock.today(session))
    return sa.or_(table.kpm_id.in_(accompanied), table.pendamping_id == actor.pendamping_id)


VOIDED_COLUMNS = tuple(
    getattr(VoidedResult, name) for name in (*VoidedResultFacts.model_fields, "note_sealed")
)


def open_voided_note(vault: Vault, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a voided result with its note in clear text."""
    return open_texts(vault, row, ("note",), table="voided_result", row_id=row["void_id"])


async def select_voided_results(session: AsyncSession, actor: Actor, task_id: UUID) -> Any:
    """Select the voided results of a task that the actor may see."""
    visible = await _is_visible(session, actor, VoidedResult)
    return sa.select(*VOIDED_COLUMNS).where(VoidedResult.task_id == task_id, visible)


SURVIVAL_MONTHS = sa.select(
    Policy.exit_reason, sa.func.unnest(Policy.survival_months).label("month")
).distinct()
# The cohort statements filter by the penetapan's area, and read in the national scope, because the later rows of a family
# that has moved are in other areas.
# One row per case of the year; the counts are of families. Areas are compared as ranges, because an index supports them.
COHORT = """
WITH cohort AS MATERIALIZED (
    SELECT g.graduasi_id, g.kpm_id, g.exit_reason, g.outcome, g.policy_id, p.effective_on,
        g.state = 'DIPULIHKAN' AS annulled, c.certificate_no IS NOT NULL AND g.state <> 'DIPULIHKAN' AS effective
    FROM sk JOIN penetapan p USING (sk_id) JOIN graduasi g USING (graduasi_id)
    LEFT JOIN certificate c USING (graduasi_id)
    WHERE sk.sk_on >= make_date(CAST(:year AS int), 1, 1) AND sk.sk_on < make_date(CAST(:year AS int) + 1, 1, 1)
    {inside}
)
"""
COUNTS = (
    COHORT  # noqa: S608 (no user input)
    + """, aid AS (
    SELECT r.graduasi_id, bool_or(r.sent_on IS NOT NULL) AS sent,
        bool_or(r.answer = 'DISETUJUI' OR r.delivered_on IS NOT NULL) AS accepted,
        bool_or(r.delivered_on IS NOT NULL) AS delivered,
        coalesce(sum(r.amount_rp) FILTER (WHERE r.delivered_on IS NOT NULL), 0) AS amount_rp
    FROM cohort JOIN replica_rujukan.rujukan_program r USING (graduasi_id) GROUP BY r.graduasi_id
), family AS (
    SELECT exit_reason, bool_and(annulled) AS annulled, bool_or(effective) AS effective, bool_or(sent) AS sent,
        bool_or(accepted) AS accepted, bool_or(delivered) AS delivered, sum(amount_rp) AS amount_rp
    FROM cohort LEFT JOIN aid USING (graduasi_id) GROUP BY exit_reason, kpm_id
)
SELECT exit_reason, count(*) AS determined, count(*) FILTER (WHERE annulled) AS annulled,
    count(*) FILTER (WHERE effective) AS effective, count(*) FILTER (WHERE sent) AS sent,
    count(*) FILTER (WHERE accepted) AS accepted, count(*) FILTER (WHERE delivered) AS delivered,
    coalesce(sum(amount_rp), 0)::bigint AS amount_rp
FROM family GROUP BY exit_reason ORDER BY exit_reason"""
)
SURVIVAL = (
    COHORT  # noqa: S608 (no user input)
    + """, relapse AS (
    SELECT t.graduasi_id, t.month FROM cohort JOIN monitoring_task t USING (graduasi_id) WHERE t.confirms_relapse
), seen AS (
SELECT c.exit_reason, m.month, c.kpm_id, coalesce(r.month <= m.month, false) AS relapsed, t.still_out
FROM cohort c JOIN policy USING (policy_id) CROSS JOIN unnest(policy.survival_months) AS m(month)
LEFT JOIN monitoring_task t ON t.graduasi_id = c.graduasi_id AND t.month = m.month AND t.kind <> 'LAPORAN'
    AND NOT EXISTS (SELECT FROM platform.evidence_flag f WHERE f.subject_id = t.task_id AND f.cleared_at IS NULL)
LEFT JOIN relapse r ON r.graduasi_id = c.graduasi_id LEFT JOIN family_end e ON e.kpm_id = c.kpm_id
WHERE c.effective AND c.effective_on + make_interval(months => m.month) <= least(CAST(:today AS date), e.ended_on)
AND (c.outcome IS NULL OR c.outcome NOT IN ('MENINGGAL', 'BERGABUNG'))
), family AS (
    SELECT exit_reason, month, bool_or(relapsed OR still_out IS NOT NULL) AS seen,
        bool_and(still_out) AND NOT bool_or(relapsed) AS still_out
    FROM seen GROUP BY exit_reason, month, kpm_id
)
SELECT exit_reason, month, count(*) AS reached, count(*) FILTER (WHERE seen) AS seen,
    count(*) FILTER (WHERE still_out) AS still_out
FROM family GROUP BY exit_reason, month ORDER BY exit_reason, month"""
)


def filter_by_areas(
    statement: str, actor: Actor, kode_wilayah: str | None
) -> tuple[sa.TextClause, dict[str, str]]:
    """Return the statement limited to the actor's areas and to `kode_wilayah`, and its parameters."""
    area_lists: list[Sequence[str]] = [] if actor.national else [actor.areas]
    area_lists += [[kode_wilayah]] if kode_wilayah else []
    inside, values = "", dict[str, str]()
    for areas in area_lists:
        ranges = ["false"]
        for area in areas:
            name = f"area{len(values)}"
            values |= {name: area}
            ranges.append(f"(p.kode_wilayah >= :{name} AND p.kode_wilayah < :{name} || '/')")
        inside += f" AND ({' OR '.join(ranges)})"
    binds = (sa.bindparam(name, type_=sa.Text()) for name in values)
    return sa.text(statement.format(inside=inside)).bindparams(*binds), values


async def read_cohort(
    session: AsyncSession, actor: Actor, year: int, kode_wilayah: str | None
) -> dict[str, Any]:
    """Return the counts of the families determined in SK of a year, per exit reason.

    A family with several cases of an exit reason counts once: as annulled if all of them are, as effective or with
    aid if one is, as still out if no result or relapse of any says otherwise.
    A family counts in the area of its penetapan, even after it has moved. Only counts and sums are returned.
    For each survival month of the policy: `reached` counts the effective exits that are that old, `seen` those with
    a result, `still_out` those without bansos. A family with a confirmed relapse counts as seen and not as still
    out. A family that ended during its monitoring counts in no month, and one that ended later in no month after
    that. Amounts are in rupiah.
    """
    months_by_reason: defaultdict[str, list[int]] = defaultdict(list)
    for exit_reason, month in await session.execute(SURVIVAL_MONTHS.order_by("month")):
        months_by_reason[exit_reason].append(month)
    counts, areas = filter_by_areas(COUNTS, actor, kode_wilayah)
    survival, _ = filter_by_areas(SURVIVAL, actor, kode_wilayah)
    values = {"year": year, "today": await clock.today(session), **areas}
    async with national_scope(session):
        rows = (await session.execute(counts, {"year": year, **areas})).mappings().all()
        survival_rows = (await session.execute(survival, values)).all()
    survival_by_month = {(row.exit_reason, row.month): row for row in survival_rows}
    return {
        "year": year,
        "kode_wilayah": kode_wilayah,
        "items": [
            {
                **row,
                "survival": [
                    _to_survival(survival_by_month.get((row["exit_reason"], month)), month)
                    for month in months_by_reason[row["exit_reason"]]
                ],
            }
            for row in rows
        ],
    }


def _to_survival(row: Any, month: int) -> dict[str, int]:
    return {
        "month": month,
        "reached": row.reached if row else 0,
        "seen": row.seen if row else 0,
        "still_out": row.still_out if row else 0,
    }
