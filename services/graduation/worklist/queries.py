"""Cases that wait for a caller, and reads of one case with all that belongs to it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.assessment.models import Asesmen, Pernyataan, Usul
from services.graduation.case.models import (
    Graduasi,
    GraduasiHistory,
    GraduasiState,
    GraduasiView,
    HistoryItem,
    Stage,
    StageAct,
)
from services.graduation.case.queries import acted_elsewhere
from services.graduation.decree.models import Penetapan
from services.graduation.decree.queries import select_penetapan
from services.graduation.policy.models.policy import Policy
from services.graduation.replicas.models import Rujukan
from services.graduation.visibility import held_by, theirs, visible
from shared import clock
from shared.access import Actor, Permission
from shared.areas import in_areas
from shared.errors import NotFound

S = GraduasiState
OF_THE_FIELD = (S.TERIDENTIFIKASI, S.SIAP, S.BELUM_SIAP, S.PERNYATAAN_DITANDATANGANI, S.DIKEMBALIKAN)
WITH_MUSYAWARAH = sa.select(Policy.policy_id).where(
    sa.literal(Stage.MUSYAWARAH.value) == sa.any_(Policy.stages)
)


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


async def waiting_cases(session: AsyncSession, actor: Actor) -> sa.ColumnElement[bool]:
    """The cases whose next step is the caller's: by role, in their area, not acted on by them in another stage.

    A postponed case waits for every official of its area who may resume it, also for one who acted in it: to resume
    is an act in no stage.
    """
    mine: list[sa.ColumnElement[bool]] = []
    if actor.may(Permission.GRADUASI_PROPOSE):
        held = held_by(actor, await clock.today(session))
        mine.append(sa.and_(among(*OF_THE_FIELD), Graduasi.kpm_id.in_(held)))
    mine += [_next(step, actor) for permission, step in NEXT_STEP.items() if actor.may(permission)]
    return sa.or_(*mine) if mine else sa.false()


def _next(step: Step, actor: Actor) -> sa.ColumnElement[bool]:
    """Return the cases of one step in the caller's area; one list of states, so that an index gives their order."""
    theirs = sa.and_(step.where, sa.not_(acted_elsewhere(Graduasi.graduasi_id, actor, step.stage)))
    area = in_areas(Graduasi.kode_wilayah, actor.areas)
    if step.stage is Stage.MUSYAWARAH:  # a village resumes nothing
        return sa.and_(among(*step.states), area, theirs)
    return sa.and_(among(*step.states, S.DITUNDA), area, sa.or_(Graduasi.state == S.DITUNDA, theirs))


CASE = tuple(getattr(Graduasi, name) for name in GraduasiView.model_fields)
HISTORY = tuple(getattr(GraduasiHistory, name) for name in HistoryItem.model_fields)


async def cases(session: AsyncSession, actor: Actor, *, waiting: bool = False, **filters: object) -> Any:
    """Select the cases that the caller may see; `filters` are columns of a case (None: any).

    `waiting`: those whose next step is the caller's.
    """
    statement = sa.select(*CASE)
    if waiting:
        statement = statement.where(await waiting_cases(session, actor))
    else:
        statement = statement.where(await theirs(session, actor))
    for name, value in filters.items():
        if value is not None:
            statement = statement.where(getattr(Graduasi, name) == value)
    return statement


async def case_in_full(session: AsyncSession, actor: Actor, graduasi_id: UUID) -> dict[str, Any]:
    """Return a case with what it stands on: stages, assessment, statement, penetapan, certificate, rujukan.

    Raises:
        NotFound
    """
    shown = sa.select(Graduasi).where(Graduasi.graduasi_id == graduasi_id, await visible(session, actor))
    case = (await session.scalars(shown)).one_or_none()
    if case is None:
        raise NotFound("graduasi")
    found: dict[str, Any] = {name: getattr(case, name) for name in GraduasiView.model_fields}
    stages = sa.select(StageAct).where(StageAct.graduasi_id == graduasi_id).order_by(StageAct.stage_act_id)
    found["stages"] = (await session.scalars(stages)).all()
    # A village operator sees that a family was assessed, not its finances (domain.md 7.3).
    sees_detail = actor.may(Permission.ASESMEN_READ)
    found["asesmen"] = (
        await session.get(Asesmen, case.asesmen_id) if case.asesmen_id and sees_detail else None
    )
    found["pernyataan"] = await session.get(Pernyataan, case.pernyataan_id) if case.pernyataan_id else None
    found["usul"] = await session.get(Usul, case.usul_id) if case.usul_id else None
    found.update(await _decision(session, graduasi_id))
    return found


async def _decision(session: AsyncSession, graduasi_id: UUID) -> dict[str, Any]:
    decided = select_penetapan().where(Penetapan.graduasi_id == graduasi_id)
    row = (await session.execute(decided)).mappings().one_or_none()
    rujukan = await session.scalar(
        sa.select(Rujukan.rujukan_id).where(Rujukan.graduasi_id == graduasi_id).limit(1)
    )
    return {"penetapan": dict(row) if row else None, "rujukan_id": rujukan}


async def history(session: AsyncSession, actor: Actor, graduasi_id: UUID) -> Any:
    """Select a case's moves; raise NotFound for a case that is not the caller's to see."""
    shown = sa.select(Graduasi.graduasi_id).where(
        Graduasi.graduasi_id == graduasi_id, await visible(session, actor)
    )
    if await session.scalar(shown) is None:
        raise NotFound("graduasi")
    return sa.select(*HISTORY).where(GraduasiHistory.graduasi_id == graduasi_id)
