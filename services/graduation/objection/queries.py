"""Which tahap a decision that undoes an exit has to name: asked by who decides, and by the command that checks it."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.case.models import Graduasi, Stage
from services.graduation.case.queries import acted_elsewhere
from services.graduation.decree.models import Penetapan
from services.graduation.objection.models import (
    Annulment,
    BackPayment,
    Sanggah,
    SanggahDecision,
    SanggahState,
    SanggahView,
)
from services.graduation.policy.models.calendar import TahapCalendar
from services.graduation.visibility import gathered, visible
from shared import clock
from shared.access import Actor, Scope
from shared.areas import in_areas
from shared.database import acted_by
from shared.errors import NotFound


async def tahap_concerned(session: AsyncSession, graduasi_id: UUID, decided_on: date) -> list[str]:
    """Return the tahap whose list was closed without the family, or with its payment held, before a decision.

    They begin with the one from which the exit was to count, and end with the last whose cut-off has passed.
    """
    effective_on = (
        sa.select(Penetapan.effective_on).where(Penetapan.graduasi_id == graduasi_id).scalar_subquery()
    )
    closed = sa.select(TahapCalendar).where(
        TahapCalendar.starts_on >= effective_on, TahapCalendar.cutoff_on < decided_on
    )
    found = await session.scalars(closed.order_by(TahapCalendar.starts_on))
    return [tahap.tahap for tahap in found]


def waiting_sanggah(actor: Actor) -> sa.ColumnElement[bool]:
    """The objections that the caller may decide: open, in their area, neither typed in by them nor on a case of their stages."""
    return sa.and_(
        Sanggah.state == SanggahState.DIAJUKAN,
        in_areas(Sanggah.kode_wilayah, actor.areas),
        sa.not_(acted_by(actor, Sanggah.typed_by, Sanggah.typed_by_sub)),
        sa.not_(acted_elsewhere(Sanggah.graduasi_id, actor, Stage.SANGGAH)),
    )


SHOWN = tuple(getattr(Sanggah, name) for name in SanggahView.model_fields)


@dataclass(frozen=True, slots=True)
class SanggahFilter:
    """Which objections are wanted; `waiting`: those that the caller may decide."""

    state: SanggahState | None
    graduasi_id: UUID | None
    waiting: bool


async def sanggah(session: AsyncSession, actor: Actor, wanted: SanggahFilter) -> Any:
    """Select objections; a pendamping sees those on the cases that they may see."""
    statement = sa.select(*SHOWN).where(in_areas(Sanggah.kode_wilayah, actor.areas))
    if actor.scope is Scope.OWN_FAMILIES:
        seen = gathered(actor, await clock.today(session))
        statement = statement.where(Sanggah.graduasi_id.in_(seen))
    if wanted.waiting:
        statement = statement.where(waiting_sanggah(actor))
    if wanted.state is not None:
        statement = statement.where(Sanggah.state == wanted.state)
    if wanted.graduasi_id is not None:
        statement = statement.where(Sanggah.graduasi_id == wanted.graduasi_id)
    return statement


async def sanggah_in_full(session: AsyncSession, actor: Actor, sanggah_id: UUID) -> dict[str, Any]:
    """Return an objection with its decision, and what an acceptance today has to decide, tahap by tahap.

    Raises:
        NotFound
    """
    shown = sa.select(Sanggah, Penetapan.term_ends_on, SanggahDecision, Annulment.graduasi_id)
    shown = (
        shown.join(Graduasi, Graduasi.graduasi_id == Sanggah.graduasi_id)
        .join(Penetapan, Penetapan.graduasi_id == Sanggah.graduasi_id)
        .outerjoin(SanggahDecision, SanggahDecision.sanggah_id == Sanggah.sanggah_id)
        .outerjoin(Annulment, Annulment.sanggah_id == Sanggah.sanggah_id)
        .where(Sanggah.sanggah_id == sanggah_id, await visible(session, actor))
    )
    row = (await session.execute(shown)).one_or_none()
    if row is None:
        raise NotFound("sanggah")
    one, term_ends_on, decision, annulled = row
    found = {name: getattr(one, name) for name in SanggahView.model_fields}
    found |= {"term_ends_on": term_ends_on, "decision": decision}
    found["back_pay"] = await _back_pay(session, annulled)
    waits = one.state is SanggahState.DIAJUKAN
    today = await clock.today(session)
    found["tahap_concerned"] = await tahap_concerned(session, one.graduasi_id, today) if waits else []
    return found


async def _back_pay(session: AsyncSession, graduasi_id: UUID | None) -> Any:
    decided = sa.select(BackPayment).where(BackPayment.graduasi_id == graduasi_id)
    return (await session.scalars(decided.order_by(BackPayment.tahap))).all() if graduasi_id else []
