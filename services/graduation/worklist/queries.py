"""Queries that list cases, and read one case with its related rows."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.assessment.models import Asesmen, Pernyataan, Usul
from services.graduation.assessment.queries.facts import read_changes, read_facts
from services.graduation.assessment.rules.changes import Change, find_undone_death
from services.graduation.assessment.rules.facts import find_differences
from services.graduation.case.models import (
    FACT_UNDONE,
    UNDER_REVIEW,
    Graduasi,
    GraduasiHistory,
    GraduasiState,
    GraduasiView,
    HistoryFields,
    Stage,
)
from services.graduation.case.queries import (
    acted_in_other_stage,
    read_pendamping_ids,
    read_separation_months,
    select_accompanied_lately,
)
from services.graduation.credit.models import Credit
from services.graduation.decree.models import Penetapan
from services.graduation.decree.queries import select_penetapan
from services.graduation.monitoring import queries as monitoring
from services.graduation.monitoring.models import MonitoringTask
from services.graduation.monitoring.queries import TaskFilter, select_tasks
from services.graduation.objection import queries as objection
from services.graduation.objection.models.sanggah import Sanggah
from services.graduation.objection.queries import SanggahFilter, read_annulment, select_sanggah
from services.graduation.policy.models.policy import Policy
from services.graduation.replicas.models import Rujukan
from services.graduation.review.models import StageAct
from services.graduation.visibility import listed_for, select_accompanied_kpm, visible_to
from shared import clock
from shared.access import Actor, Permission
from shared.areas import in_areas
from shared.database import vault_of
from shared.errors import NotFound, NotYetKnown
from shared.evidence import find_flagged
from shared.privacy import Vault, open_texts

S = GraduasiState
BEFORE_DIUSULKAN = (
    S.TERIDENTIFIKASI,
    S.SIAP,
    S.BELUM_SIAP,
    S.DIKECUALIKAN,
    S.PERNYATAAN_DITANDATANGANI,
    S.DIKEMBALIKAN,
)
WITH_MUSYAWARAH = sa.select(Policy.policy_id).where(
    sa.literal(Stage.MUSYAWARAH.value) == sa.any_(Policy.stages)
)


def has_state(*states: GraduasiState) -> sa.ColumnElement[bool]:
    """Return the condition that a case has one of the states."""
    # Literals, because PostgreSQL does not use a partial index for a parameter.
    return Graduasi.state.in_([sa.literal_column(f"'{state.value}'") for state in states])


@dataclass(frozen=True, slots=True)
class Step:
    """The stage in which a permission acts, and on cases in which states."""

    stage: Stage
    states: Sequence[GraduasiState]
    where: sa.ColumnElement[bool] = field(default_factory=sa.true)


NEXT_STEP = {
    Permission.GRADUASI_VERIFY: Step(Stage.VERIFIKASI, [S.DIUSULKAN]),
    Permission.GRADUASI_MUSYAWARAH: Step(
        Stage.MUSYAWARAH, [S.DIVERIFIKASI_KETIM], Graduasi.policy_id.in_(WITH_MUSYAWARAH)
    ),
    Permission.GRADUASI_APPROVE: Step(
        Stage.PERSETUJUAN,
        [S.DIVERIFIKASI_KETIM, S.DIMUSYAWARAHKAN],
        sa.or_(Graduasi.state == S.DIMUSYAWARAHKAN, Graduasi.policy_id.not_in(WITH_MUSYAWARAH)),
    ),
    Permission.GRADUASI_DETERMINE: Step(Stage.PENETAPAN, [S.DISETUJUI_DINSOS]),
}
"""The next step of a case by the permission that takes it (docs/case-lifecycle.md#stages)."""


async def waits_for(session: AsyncSession, actor: Actor) -> sa.ColumnElement[bool]:
    """Return the condition that the actor may take the next step of a case.

    The permission, the area and the dampingan must fit. The actor must not have acted in another stage, or
    accompanied the family lately.
    A postponed case waits for every official of its area who may resume it, even if they acted in it: resuming
    belongs to no stage.
    """
    conditions: list[sa.ColumnElement[bool]] = []
    if actor.may(Permission.GRADUASI_PROPOSE):
        accompanied = select_accompanied_kpm(actor, await clock.today(session))
        conditions.append(sa.and_(has_state(*BEFORE_DIUSULKAN), Graduasi.kpm_id.in_(accompanied)))
    may_decide = await _may_decide(session, actor)
    conditions += [
        _waits_for_step(step, actor, may_decide)
        for permission, step in NEXT_STEP.items()
        if actor.may(permission)
    ]
    return sa.or_(*conditions) if conditions else sa.false()


async def _may_decide(session: AsyncSession, actor: Actor) -> sa.ColumnElement[bool]:
    if not (pendamping_ids := await read_pendamping_ids(session, actor)):
        return sa.true()
    today = await clock.today(session)
    months = await read_separation_months(session, today)
    return Graduasi.kpm_id.not_in(select_accompanied_lately(pendamping_ids, months, today))


def _waits_for_step(step: Step, actor: Actor, may_decide: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    acted = acted_in_other_stage(Graduasi.graduasi_id, actor, step.stage)
    may_act = sa.and_(step.where, sa.not_(acted), may_decide)
    area = in_areas(Graduasi.kode_wilayah, actor.areas)
    if step.stage is Stage.MUSYAWARAH:  # A village may not resume a case.
        return sa.and_(has_state(*step.states), area, may_act)
    # One list of states, so that an index gives the order.
    return sa.and_(has_state(*step.states, S.DITUNDA), area, sa.or_(Graduasi.state == S.DITUNDA, may_act))


NOT_DECIDED: dict[str, Any] = {"sanggah": [], "monitoring": []}
NO_COMPARISON: dict[str, Any] = {"differences": [], "changes": []}
CASE_COLUMNS = tuple(getattr(Graduasi, name) for name in GraduasiView.model_fields)
HISTORY_COLUMNS = tuple(
    getattr(GraduasiHistory, name) for name in (*HistoryFields.model_fields, "graduasi_id", "reason_sealed")
)


async def select_cases(
    session: AsyncSession,
    actor: Actor,
    *,
    waiting: bool = False,
    fact_undone: bool = False,
    area: str | None = None,
    **filters: object,
) -> Any:
    """Select the cases that the actor may see.

    `waiting` selects only cases whose next step the actor may take, `fact_undone` those to be annulled because a death
    was undone, `area` those in it. `filters` are values of the case's columns. None selects any value.
    """
    statement = sa.select(*CASE_COLUMNS, Graduasi.postponed_from, Graduasi.policy_id)
    if fact_undone:
        statement = statement.where(FACT_UNDONE)
    if area is not None:
        statement = statement.where(in_areas(Graduasi.kode_wilayah, [area]))
    if waiting:
        statement = statement.where(await waits_for(session, actor))
    else:
        statement = statement.where(await listed_for(session, actor))
    for name, value in filters.items():
        if value is not None:
            statement = statement.where(getattr(Graduasi, name) == value)
    return statement


async def read_case(
    session: AsyncSession, actor: Actor, graduasi_id: UUID
) -> tuple[Graduasi, dict[str, Any]]:
    """Return a case, and its view with all that belongs to it.

    Raises:
        NotFound
    """
    statement = sa.select(Graduasi).where(
        Graduasi.graduasi_id == graduasi_id, await visible_to(session, actor)
    )
    case = (await session.scalars(statement)).one_or_none()
    if case is None:
        raise NotFound("graduasi")
    view: dict[str, Any] = {name: getattr(case, name) for name in GraduasiView.model_fields}
    stages = sa.select(StageAct).where(StageAct.graduasi_id == graduasi_id).order_by(StageAct.stage_act_id)
    view["stages"] = (await session.scalars(stages)).all()
    # Not read for a village operator: `Route` leaves these parts out.
    sees_asesmen = actor.may(Permission.ASESMEN_READ)
    view["asesmen"] = (
        await session.get(Asesmen, case.asesmen_id) if case.asesmen_id and sees_asesmen else None
    )
    view["pernyataan"] = await session.get(Pernyataan, case.pernyataan_id) if case.pernyataan_id else None
    view["usul"] = await session.get(Usul, case.usul_id) if case.usul_id else None
    view.update(await _read_penetapan_and_rujukan(session, graduasi_id))
    view["evidence_flagged"] = bool(await find_flagged(session, [graduasi_id]))
    credit = sa.select(Credit).where(Credit.graduasi_id == graduasi_id)
    view["credit"] = (await session.scalars(credit)).one_or_none()
    view["annulment"] = await read_annulment(session, graduasi_id)
    view |= await _read_objections_and_monitoring(session, actor, case) if view["penetapan"] else NOT_DECIDED
    view.update(await _read_current_facts(session, case) if sees_asesmen else NO_COMPARISON)
    return case, view


async def _read_objections_and_monitoring(
    session: AsyncSession, actor: Actor, case: Graduasi
) -> dict[str, Any]:
    """Return the sanggah of a case and its monitoring tasks, as their lists do."""
    vault, graduasi_id = vault_of(session), case.graduasi_id
    sanggah = await select_sanggah(session, actor, SanggahFilter(None, graduasi_id, waiting=False))
    papers = await session.execute(sanggah.order_by(Sanggah.lodged_on, Sanggah.sanggah_id))
    filters = TaskFilter(graduasi_id, open_only=False, mine=False, due_by=None, flagged=False)
    tasks = await select_tasks(session, actor, filters)
    due = await session.execute(tasks.order_by(MonitoringTask.due_on, MonitoringTask.task_id))
    return {
        "sanggah": [objection.open_note(vault, dict(row)) for row in papers.mappings()],
        "monitoring": [monitoring.open_note(vault, dict(row)) for row in due.mappings()],
    }


async def _read_current_facts(session: AsyncSession, case: Graduasi) -> dict[str, Any]:
    """Return the facts that differ since the proposal, and what stops a decision."""
    if case.fact_undone_on is not None and case.state is not S.DIPULIHKAN:
        return NO_COMPARISON | {"changes": [_to_reason(find_undone_death(case.fact_undone_on))]}
    if (case.postponed_from or case.state) not in UNDER_REVIEW:
        return NO_COMPARISON
    today = await clock.today(session)
    policy = await session.get_one(Policy, case.policy_id)
    approved = (case.postponed_from or case.state) is S.DISETUJUI_DINSOS
    try:
        facts = await read_facts(session, case, policy, today)
    except NotYetKnown:  # An exit proposal may open a case before the family's facts arrive.
        return NO_COMPARISON
    changes = await read_changes(session, [(case, policy)], today, area="approval" if approved else "case")
    asesmen = await session.get(Asesmen, case.asesmen_id) if case.asesmen_id else None
    usul = await session.get(Usul, case.usul_id) if case.usul_id else None
    pinned = asesmen.facts if asesmen else usul.facts if usul else {}
    return {
        "differences": find_differences(pinned, facts),
        "changes": [_to_reason(one) for one in changes.get(case.graduasi_id, [])],
    }


def _to_reason(change: Change) -> dict[str, str]:
    return {"code": change.code, "en": change.words, "id": change.words.id}


async def _read_penetapan_and_rujukan(session: AsyncSession, graduasi_id: UUID) -> dict[str, Any]:
    statement = select_penetapan().where(Penetapan.graduasi_id == graduasi_id)
    row = (await session.execute(statement)).mappings().one_or_none()
    rujukan_id = await session.scalar(
        sa.select(Rujukan.rujukan_id).where(Rujukan.graduasi_id == graduasi_id).limit(1)
    )
    return {"penetapan": dict(row) if row else None, "rujukan_id": rujukan_id}


async def select_history(session: AsyncSession, actor: Actor, graduasi_id: UUID) -> Any:
    """Select the opening and the transitions of a case, with sealed reasons.

    Raises:
        NotFound: The case does not exist or the actor may not see it.
    """
    statement = sa.select(Graduasi.graduasi_id).where(
        Graduasi.graduasi_id == graduasi_id, await visible_to(session, actor)
    )
    if await session.scalar(statement) is None:
        raise NotFound("graduasi")
    return sa.select(*HISTORY_COLUMNS).where(GraduasiHistory.graduasi_id == graduasi_id)


def open_reason(vault: Vault, row: dict[str, Any]) -> dict[str, Any]:
    """Return a transition with its reason in clear text."""
    return open_texts(vault, row, ("reason",), table="graduasi_history", row_id=row.pop("graduasi_id"))
