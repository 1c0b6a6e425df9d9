"""Reads of objections."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.back_pay import tahap_concerned
from services.graduation.models import (
    Annulment,
    BackPayment,
    Graduasi,
    Penetapan,
    Sanggah,
    SanggahDecision,
    SanggahState,
)
from services.graduation.queries.seen import gathered, visible, within
from services.graduation.queries.waiting import waiting_sanggah
from shared import clock
from shared.access import Actor, Scope
from shared.errors import NotFound

SHOWN = (
    Sanggah.sanggah_id,
    Sanggah.graduasi_id,
    Sanggah.kpm_id,
    Sanggah.kode_wilayah,
    Sanggah.state,
    Sanggah.lodged_on,
    Sanggah.lodged_by,
    Sanggah.channel,
    Sanggah.ground,
    Sanggah.note,
    Sanggah.evidence_sha256,
    Sanggah.typed_by,
    Sanggah.typed_on,
)


@dataclass(frozen=True, slots=True)
class SanggahFilter:
    """Which objections are wanted; `waiting`: those that the caller may decide."""

    state: SanggahState | None
    graduasi_id: UUID | None
    waiting: bool


async def sanggah(session: AsyncSession, caller: Actor, wanted: SanggahFilter) -> Any:
    """Select objections; a pendamping sees those on the cases that they may see."""
    statement = sa.select(*SHOWN).where(within(Sanggah.kode_wilayah, caller))
    if caller.scope is Scope.OWN_FAMILIES:
        seen = gathered(caller, await clock.today(session))
        statement = statement.where(Sanggah.graduasi_id.in_(seen))
    if wanted.waiting:
        statement = statement.where(waiting_sanggah(caller))
    if wanted.state is not None:
        statement = statement.where(Sanggah.state == wanted.state)
    if wanted.graduasi_id is not None:
        statement = statement.where(Sanggah.graduasi_id == wanted.graduasi_id)
    return statement


async def sanggah_in_full(session: AsyncSession, caller: Actor, sanggah_id: UUID) -> dict[str, Any]:
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
        .where(Sanggah.sanggah_id == sanggah_id, await visible(session, caller))
    )
    row = (await session.execute(shown)).one_or_none()
    if row is None:
        raise NotFound("sanggah")
    one, term_ends_on, decision, annulled = row
    found = {column.key: getattr(one, column.key) for column in SHOWN}
    found |= {"term_ends_on": term_ends_on, "decision": decision}
    found["back_pay"] = await _back_pay(session, annulled)
    waits = one.state is SanggahState.DIAJUKAN
    today = await clock.today(session)
    found["tahap_concerned"] = await tahap_concerned(session, one.graduasi_id, today) if waits else []
    return found


async def _back_pay(session: AsyncSession, graduasi_id: UUID | None) -> Any:
    decided = sa.select(BackPayment).where(BackPayment.graduasi_id == graduasi_id)
    return (await session.scalars(decided.order_by(BackPayment.tahap))).all() if graduasi_id else []
