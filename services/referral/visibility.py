"""Which families, offers and rows a caller sees, and whether a pendamping may act."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.replicas.models import Dampingan, Kpm, Pendamping, Penugasan, WilayahTugas
from services.referral.rujukan.models import RujukanProgram
from shared import clock
from shared.access import Actor, Scope
from shared.areas import in_areas, lies_in
from shared.contracts.kinds import PendampingStatus
from shared.database import Row
from shared.errors import FamilyNotAccompanied, NotAllowed, NotFound, NotYetKnown, PendampingInactive
from shared.validity import holds_on


def require_official(actor: Actor) -> None:
    """Refuse a partner where the reasons of an exit are shown.

    Raises:
        NotAllowed
    """
    if actor.scope is Scope.PARTNER:
        raise NotAllowed


async def require_care(session: AsyncSession, actor: Actor, kpm_id: UUID, pointer: str | None = None) -> None:
    """Refuse a family outside the caller's scope in the same way as one that is not known here.

    Raises:
        NotYetKnown: the family is not known here, or not in the caller's scope.
        FamilyNotAccompanied: no placement of the pendamping covers the family. PendampingInactive
    """
    if actor.scope is Scope.PARTNER:  # row security shows a partner's own rows alone
        return
    if not await session.scalar(sa.select(sa.func.family_in_scope(kpm_id))):
        raise NotYetKnown("kpm", pointer)
    if actor.scope is Scope.OWN_FAMILIES:
        await _require_service(session, actor.pendamping_id, kpm_id, await clock.today(session))


async def _require_service(
    session: AsyncSession, pendamping_id: UUID | None, kpm_id: UUID, today: date
) -> None:
    """Let nobody act who is not AKTIF, without a placement, or outside its area, as registry last told.

    Raises:
        NotYetKnown: registry's word has not arrived. PendampingInactive, FamilyNotAccompanied
    """
    row = (await session.execute(STANDING, {"pendamping": pendamping_id, "kpm": kpm_id, "on": today})).one()
    if row.status is None or row.placements == 0:
        raise NotYetKnown("pendamping")
    if row.status != PendampingStatus.AKTIF:
        raise PendampingInactive(status=row.status)
    if not row.placed or not row.covered:
        raise FamilyNotAccompanied


def _holds(model: type[Penugasan | WilayahTugas]) -> sa.ColumnElement[bool]:
    return holds_on(model.valid_from, model.valid_to, ON)


WHO, ON = sa.bindparam("pendamping", type_=sa.Uuid()), sa.bindparam("on", type_=sa.Date())
FAMILY, AREA = sa.bindparam("kpm", type_=sa.Uuid()), WilayahTugas.kode_wilayah
# Made once: every act of a pendamping asks this.
STANDING = sa.select(
    sa.select(Pendamping.status)
    .where(Pendamping.pendamping_id == WHO, Pendamping.from_on <= ON)
    .order_by(Pendamping.from_on.desc())
    .limit(1)
    .scalar_subquery()
    .label("status"),
    sa.select(sa.func.count()).where(Penugasan.pendamping_id == WHO).scalar_subquery().label("placements"),
    sa.select(Penugasan.penugasan_id)
    .where(Penugasan.pendamping_id == WHO, _holds(Penugasan))
    .exists()
    .label("placed"),
    sa.select(WilayahTugas.wilayah_tugas_id)
    .join(Kpm, lies_in(Kpm.kode_wilayah, AREA))
    .where(WilayahTugas.pendamping_id == WHO, _holds(WilayahTugas), Kpm.kpm_id == FAMILY)
    .exists()
    .label("covered"),
)


def theirs(actor: Actor, today: date, kode_wilayah: str | None) -> sa.ColumnElement[bool]:
    """The condition that an offer is in the caller's scope, and in the area asked for.

    Row security says so too, but in a way that no index answers.
    """
    column = RujukanProgram.kode_wilayah
    asked = in_areas(column, [kode_wilayah]) if kode_wilayah is not None else sa.true()
    if actor.scope is Scope.PARTNER:
        return sa.and_(RujukanProgram.partner_id == actor.partner_id, asked)
    if actor.scope is Scope.OWN_FAMILIES:
        return sa.and_(RujukanProgram.kpm_id.in_(in_care(actor, today)), asked)
    return sa.and_(in_areas(column, actor.areas), asked)


def in_care(actor: Actor, today: date) -> sa.Select[UUID]:
    """Select the families whose dampingan is the caller's today."""
    holds = holds_on(Dampingan.valid_from, Dampingan.valid_to, today)
    return sa.select(Dampingan.kpm_id).where(Dampingan.pendamping_id == actor.pendamping_id, holds)


async def read(session: AsyncSession, model: type[Row], key: object, noun: str) -> Row:
    """Return one row; raise NotFound, also for a row that the caller may not see."""
    row = await session.get(model, key)
    if row is None:
        raise NotFound(noun)
    return row


def columns_of(model: type[Row], names: Sequence[str]) -> sa.Select[*tuple[Any, ...]]:
    """Select these columns of a table."""
    return sa.select(*(getattr(model, name) for name in names))
