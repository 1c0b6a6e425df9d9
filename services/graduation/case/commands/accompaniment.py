"""May this pendamping act on this family today: as registry and caseload last told (chain.md 5)."""

from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.replicas.models import Dampingan, Kpm, Pendamping, Penugasan, WilayahTugas
from shared.access import Actor
from shared.areas import lies_in
from shared.contracts.kinds import PendampingStatus
from shared.errors import FamilyNotAccompanied, NotYetKnown, PendampingInactive
from shared.validity import holds_on


async def require_dampingan(
    session: AsyncSession, actor: Actor, kpm_id: UUID, kode_wilayah: str, on: date
) -> tuple[UUID, UUID]:
    """Return the caller's (pendamping_id, penugasan_id) under which they accompany the family on a date.

    The placement covers the area where the family lives now; `kode_wilayah` stands in while that is not known.

    Raises:
        FamilyNotAccompanied: no dampingan, placement or area that holds. PendampingInactive.
        NotYetKnown: registry's word on the pendamping has not arrived.
    """
    if actor.pendamping_id is None:
        raise FamilyNotAccompanied
    asked = {"pendamping": actor.pendamping_id, "kpm": kpm_id, "area": kode_wilayah, "on": on}
    row = (await session.execute(STANDING, asked)).first()
    if row is None:
        raise FamilyNotAccompanied
    if row.status is None or row.placed is None:
        raise NotYetKnown("pendamping")
    if row.status != PendampingStatus.AKTIF:
        raise PendampingInactive(status=row.status)
    if not row.placed or not row.covered:
        raise FamilyNotAccompanied
    return actor.pendamping_id, row.penugasan_id


async def require_care(
    session: AsyncSession, actor: Actor, kpm_id: UUID, kode_wilayah: str, on: date, *, held: bool
) -> tuple[UUID, UUID]:
    """Return under which (pendamping_id, penugasan_id) the caller may look at a family after its exit.

    While it is monitored (`held`) that is who holds the dampingan. Later it ends (chain.md 1): where nobody holds
    one today, any active pendamping of the area may.

    Raises:
        FamilyNotAccompanied, PendampingInactive, NotYetKnown
    """
    if held or await session.scalar(HELD, {"kpm": kpm_id, "on": on}):
        return await require_dampingan(session, actor, kpm_id, kode_wilayah, on)
    asked = {"pendamping": actor.pendamping_id, "kpm": kpm_id, "area": kode_wilayah, "on": on}
    row = (await session.execute(PLACED, asked)).first() if actor.pendamping_id else None
    if row is None or actor.pendamping_id is None:
        raise FamilyNotAccompanied
    if row.status != PendampingStatus.AKTIF:
        raise PendampingInactive(status=row.status)
    return actor.pendamping_id, row.penugasan_id


def holds(model: type[Dampingan | Penugasan | WilayahTugas]) -> sa.ColumnElement[bool]:
    """Whether a row's range covers the date `on`; `valid_to` is the first day that it no longer does."""
    return holds_on(model.valid_from, model.valid_to, ON)


KPM, PENDAMPING = sa.bindparam("kpm", type_=sa.Uuid()), sa.bindparam("pendamping", type_=sa.Uuid())
AREA, ON = sa.bindparam("area", type_=sa.Text()), sa.bindparam("on", type_=sa.Date())
# Where the family lives now: its cases go with it (relocation/commands.py), and may not have come yet.
LIVES_IN = sa.func.coalesce(sa.select(Kpm.kode_wilayah).where(Kpm.kpm_id == KPM).scalar_subquery(), AREA)
COVERED = lies_in(LIVES_IN, WilayahTugas.kode_wilayah)
# Made once: every act of a pendamping asks this.
STANDING = (
    sa.select(
        Dampingan.penugasan_id,
        Pendamping.status,
        holds(Penugasan).label("placed"),
        sa.select(WilayahTugas.wilayah_tugas_id)
        .where(WilayahTugas.penugasan_id == Dampingan.penugasan_id, holds(WilayahTugas), COVERED)
        .exists()
        .label("covered"),
    )
    .outerjoin(Pendamping, Pendamping.pendamping_id == Dampingan.pendamping_id)
    .outerjoin(Penugasan, Penugasan.penugasan_id == Dampingan.penugasan_id)
    .where(Dampingan.kpm_id == KPM, Dampingan.pendamping_id == PENDAMPING, holds(Dampingan))
    .limit(1)
)
HELD = sa.select(sa.select(Dampingan.dampingan_id).where(Dampingan.kpm_id == KPM, holds(Dampingan)).exists())
PLACED = (
    sa.select(Penugasan.penugasan_id, Pendamping.status)
    .join(Pendamping, Pendamping.pendamping_id == Penugasan.pendamping_id)
    .join(WilayahTugas, WilayahTugas.penugasan_id == Penugasan.penugasan_id)
    .where(Penugasan.pendamping_id == PENDAMPING, holds(Penugasan), holds(WilayahTugas), COVERED)
    .order_by(Penugasan.penugasan_id)
    .limit(1)
)
