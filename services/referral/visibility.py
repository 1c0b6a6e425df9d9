"""Which families, offers and rows an actor sees, and whether a pendamping may act."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.replicas.models import Dampingan, Kpm, Penugasan, StatusRange, WilayahTugas
from services.referral.rujukan.models import RujukanProgram
from shared import clock
from shared.access import Actor, Scope
from shared.accompaniment import require_active, status_on
from shared.areas import in_areas, is_in_area
from shared.database import Row
from shared.errors import FamilyNotAccompanied, NotFound, NotYetKnown
from shared.validity import valid_on


async def require_family_access(
    session: AsyncSession,
    actor: Actor,
    kpm_id: UUID,
    pointer: str | None = None,
    *,
    acted_on: date | None = None,
) -> None:
    """Refuse a family outside the scope of the actor.

    A pendamping must accompany it today, and must have accompanied it, being AKTIF, on `acted_on`, the day of the work.
    The refusal is the same as for an unknown family.

    Raises:
        NotYetKnown: the family is not in the replica, or not in the scope of the actor.
        FamilyNotAccompanied: no placement of the pendamping covers the family. PendampingInactive
    """
    if actor.scope is Scope.PARTNER:  # row security shows a partner only its own rows
        return
    if not await session.scalar(sa.select(sa.func.family_in_scope(kpm_id))):
        raise NotYetKnown("kpm", pointer)
    if actor.scope is Scope.OWN_FAMILIES:
        today = await clock.today(session)
        await _require_active_placement(session, actor.pendamping_id, kpm_id, today, acted_on or today)


async def _require_active_placement(
    session: AsyncSession, pendamping_id: UUID | None, kpm_id: UUID, today: date, acted_on: date
) -> None:
    """Refuse a pendamping who was not AKTIF, has no placement, or acts outside its area.

    Raises:
        NotYetKnown: the pendamping is not in the replica yet. PendampingInactive, FamilyNotAccompanied
    """
    values = {"pendamping": pendamping_id, "kpm": kpm_id, "on": today, "acted_on": acted_on}
    row = (await session.execute(PENDAMPING_STATE, values)).one()
    if row.placements == 0:
        raise NotYetKnown("pendamping")
    require_active(row.status)
    if not row.placed or not row.covered or not row.accompanied:
        raise FamilyNotAccompanied


def _in_force(model: type[Penugasan | WilayahTugas]) -> sa.ColumnElement[bool]:
    return valid_on(model.valid_from, model.valid_to, ON)


WHO, ON = sa.bindparam("pendamping", type_=sa.Uuid()), sa.bindparam("on", type_=sa.Date())
ACTED_ON = sa.bindparam("acted_on", type_=sa.Date())
FAMILY, AREA = sa.bindparam("kpm", type_=sa.Uuid()), WilayahTugas.kode_wilayah
# Built once, because every command of a pendamping runs it.
PENDAMPING_STATE = sa.select(
    status_on(StatusRange, WHO, ACTED_ON).label("status"),
    sa.select(sa.func.count()).where(Penugasan.pendamping_id == WHO).scalar_subquery().label("placements"),
    sa.select(Penugasan.penugasan_id)
    .where(Penugasan.pendamping_id == WHO, _in_force(Penugasan))
    .exists()
    .label("placed"),
    sa.select(WilayahTugas.wilayah_tugas_id)
    .join(Kpm, is_in_area(Kpm.kode_wilayah, AREA))
    .where(WilayahTugas.pendamping_id == WHO, _in_force(WilayahTugas), Kpm.kpm_id == FAMILY)
    .exists()
    .label("covered"),
    sa.select(Dampingan.dampingan_id)
    .where(Dampingan.pendamping_id == WHO, Dampingan.kpm_id == FAMILY)
    .where(valid_on(Dampingan.valid_from, Dampingan.valid_to, ACTED_ON))
    .exists()
    .label("accompanied"),
)


def visible_to(actor: Actor, today: date, kode_wilayah: str | None) -> sa.ColumnElement[bool]:
    """Return the condition that an offer is in the scope of the actor.

    `kode_wilayah` limits it to an area. Row security has the same condition, but no index can serve it.
    """
    column = RujukanProgram.kode_wilayah
    in_area = in_areas(column, [kode_wilayah]) if kode_wilayah is not None else sa.true()
    if actor.scope is Scope.PARTNER:
        return sa.and_(RujukanProgram.partner_id == actor.partner_id, in_area)
    if actor.scope is Scope.OWN_FAMILIES:
        return sa.and_(RujukanProgram.kpm_id.in_(select_accompanied_families(actor, today)), in_area)
    return sa.and_(in_areas(column, actor.areas), in_area)


def select_accompanied_families(actor: Actor, today: date) -> sa.Select[UUID]:
    """Select the families that the actor accompanies today."""
    in_force = valid_on(Dampingan.valid_from, Dampingan.valid_to, today)
    return sa.select(Dampingan.kpm_id).where(Dampingan.pendamping_id == actor.pendamping_id, in_force)


async def read(session: AsyncSession, model: type[Row], key: object, noun: str) -> Row:
    """Return one row. Raise NotFound also for a row that the actor may not see."""
    row = await session.get(model, key)
    if row is None:
        raise NotFound(noun)
    return row


def select_columns(model: type[Row], names: Sequence[str]) -> sa.Select[*tuple[Any, ...]]:
    """Select these columns of a table."""
    return sa.select(*(getattr(model, name) for name in names))


async def select_parts(
    session: AsyncSession,
    whole: type[Any],
    whole_id: UUID,
    part: type[Row],
    view: type[BaseModel],
) -> sa.Select[*tuple[Any, ...]]:
    """Select the columns of the parts of a rujukan or offer.

    Raises:
        NotFound
    """
    await read(session, whole, whole_id, "rujukan")
    (key,) = whole.__table__.primary_key
    return select_columns(part, list(view.model_fields)).where(getattr(part, key.name) == whole_id)
