"""What waits for somebody: cases by role and area, tasks by who holds the family, objections; never one's own acts."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.models import (
    Dampingan,
    Graduasi,
    GraduasiState,
    MonitoringTask,
    Penugasan,
    Policy,
    Sanggah,
    SanggahState,
    Stage,
    StageAct,
    TaskKind,
    WilayahTugas,
)
from services.graduation.queries.seen import held_by, in_areas, within
from shared import clock
from shared.access import Actor, Permission
from shared.database import acted_by

S = GraduasiState
OF_THE_FIELD = (S.TERIDENTIFIKASI, S.SIAP, S.BELUM_SIAP, S.PERNYATAAN_DITANDATANGANI, S.DIKEMBALIKAN)
WITH_MUSYAWARAH = sa.select(Policy.policy_id).where(
    sa.literal(Stage.MUSYAWARAH.value) == sa.any_(Policy.stages)
)
OPEN_TASK = sa.and_(MonitoringTask.recorded_on.is_(None), MonitoringTask.closed_on.is_(None))


def among(*states: GraduasiState) -> sa.ColumnElement[bool]:
    """The condition that a case stands in one of these, written out: a partial index is not found behind a parameter."""
    return Graduasi.state.in_([sa.literal_column(f"'{state.value}'") for state in states])


@dataclass(frozen=True, slots=True)
class Step:
    """In which stage a permission acts next, on cases in which states; `where` narrows them."""

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
"""Which permission takes the next step in a state, and in which stage (chain.md 4)."""


async def waiting_cases(session: AsyncSession, caller: Actor) -> sa.ColumnElement[bool]:
    """The cases whose next step is the caller's: by role, in their area, not acted on by them in another stage.

    A postponed case waits for every official of its area who may resume it, also for one who acted in it: to resume
    is an act in no stage.
    """
    mine: list[sa.ColumnElement[bool]] = []
    if caller.may(Permission.GRADUASI_PROPOSE):
        held = held_by(caller, await clock.today(session))
        mine.append(sa.and_(among(*OF_THE_FIELD), Graduasi.kpm_id.in_(held)))
    mine += [_next(step, caller) for permission, step in NEXT_STEP.items() if caller.may(permission)]
    return sa.or_(*mine) if mine else sa.false()


def _next(step: Step, caller: Actor) -> sa.ColumnElement[bool]:
    """Return the cases of one step in the caller's area; one list of states, so that an index gives their order."""
    theirs = sa.and_(step.where, sa.not_(acted_elsewhere(Graduasi.graduasi_id, caller, step.stage)))
    area = within(Graduasi.kode_wilayah, caller)
    if step.stage is Stage.MUSYAWARAH:  # a village resumes nothing
        return sa.and_(among(*step.states), area, theirs)
    return sa.and_(among(*step.states, S.DITUNDA), area, sa.or_(Graduasi.state == S.DITUNDA, theirs))


def waiting_sanggah(caller: Actor) -> sa.ColumnElement[bool]:
    """The objections that the caller may decide: open, in their area, neither typed in by them nor on a case of their stages."""
    return sa.and_(
        Sanggah.state == SanggahState.DIAJUKAN,
        within(Sanggah.kode_wilayah, caller),
        sa.not_(acted_by(caller, Sanggah.typed_by, Sanggah.typed_by_sub)),
        sa.not_(acted_elsewhere(Sanggah.graduasi_id, caller, Stage.SANGGAH)),
    )


def acted_elsewhere(graduasi_id: Any, caller: Actor, stage: Stage) -> sa.ColumnElement[bool]:
    """Whether the caller acted in another stage of the case, so that this one is not theirs."""
    acts = sa.select(StageAct.stage_act_id).where(
        StageAct.graduasi_id == graduasi_id,
        acted_by(caller, StageAct.person, StageAct.sub),
        StageAct.stage != stage,
    )
    return acts.exists()


async def my_tasks(session: AsyncSession, caller: Actor) -> sa.ColumnElement[bool]:
    """The open tasks of the families that the caller holds today; and of the area, what nobody holds any more."""
    today = await clock.today(session)
    if not caller.may(Permission.MONITORING_RECORD):
        return sa.and_(OPEN_TASK, within(MonitoringTask.kode_wilayah, caller))
    held = sa.select(MonitoringTask.task_id).where(
        OPEN_TASK, MonitoringTask.kpm_id.in_(held_by(caller, today))
    )
    areas = (await session.scalars(_placed(caller, today))).all()
    return MonitoringTask.task_id.in_(held.union_all(_left_alone(areas, today)))


def _placed(caller: Actor, on: date) -> sa.Select[Any]:
    """The areas of the caller's placements; asked first, because a range that is joined finds no index."""
    return (
        sa.select(WilayahTugas.kode_wilayah)
        .join(Penugasan, Penugasan.penugasan_id == WilayahTugas.penugasan_id)
        .where(
            Penugasan.pendamping_id == caller.pendamping_id, _holds(Penugasan, on), _holds(WilayahTugas, on)
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
    return sa.and_(model.valid_from <= on, sa.func.coalesce(model.valid_to > on, sa.true()))
