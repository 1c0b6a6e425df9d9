"""Checks whether a pendamping may act on a family, from replicas (docs/architecture.md#service-boundary)."""

from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.replicas.models import Dampingan, Kpm, Penugasan, StatusRange, WilayahTugas
from shared.access import Actor
from shared.accompaniment import require_active, status_on
from shared.areas import is_in_area
from shared.contracts.kinds import PilarKind
from shared.errors import FamilyNotAccompanied, NotYetKnown
from shared.validity import valid_on


async def require_dampingan(
    session: AsyncSession, actor: Actor, kpm_id: UUID, kode_wilayah: str, on: date, *, late: bool = False
) -> tuple[UUID, UUID]:
    """Return the (pendamping_id, penugasan_id) under which the actor accompanies a family.

    The dampingan, the penugasan and the wilayah tugas must be valid on the business date `on`, and the status AKTIF.
    The wilayah tugas must cover the family's current area, except for `late` work: the family may have moved since.
    `kode_wilayah` is used if the replica does not have that area yet.

    Raises:
        FamilyNotAccompanied: No valid dampingan, penugasan or wilayah tugas.
        PendampingInactive
        NotYetKnown: The events of registry about the pendamping have not arrived.
    """
    if actor.pendamping_id is None:
        raise FamilyNotAccompanied
    values = {"pendamping": actor.pendamping_id, "kpm": kpm_id, "area": kode_wilayah, "on": on}
    row = (await session.execute(DAMPINGAN_CHECK, values)).first()
    if row is None:
        raise FamilyNotAccompanied
    if row.placed is None:
        raise NotYetKnown("pendamping")
    require_active(row.status)
    if not row.placed or not (row.covered or late):
        raise FamilyNotAccompanied
    return actor.pendamping_id, row.penugasan_id


async def require_dampingan_or_area(
    session: AsyncSession,
    actor: Actor,
    kpm_id: UUID,
    kode_wilayah: str,
    on: date,
    *,
    monitored: bool,
    late: bool,
) -> tuple[UUID, UUID]:
    """Return the (pendamping_id, penugasan_id) under which the actor visits a family after exit.

    While the case is in PEMANTAUAN (`monitored`), the family is visited by its pendamping. Later the dampingan
    ends (docs/case-lifecycle.md#monitoring): if no dampingan is valid, any active pendamping of the area may visit.

    Raises:
        FamilyNotAccompanied, PendampingInactive, NotYetKnown
    """
    if monitored or await session.scalar(IS_ACCOMPANIED, {"kpm": kpm_id, "on": on}):
        return await require_dampingan(session, actor, kpm_id, kode_wilayah, on, late=late)
    values = {"pendamping": actor.pendamping_id, "kpm": kpm_id, "area": kode_wilayah, "on": on}
    row = (await session.execute(PENUGASAN_IN_AREA, values)).first() if actor.pendamping_id else None
    if row is None or actor.pendamping_id is None:
        raise FamilyNotAccompanied
    require_active(row.status)
    return actor.pendamping_id, row.penugasan_id


def _is_valid(model: type[Dampingan | Penugasan | WilayahTugas]) -> sa.ColumnElement[bool]:
    return valid_on(model.valid_from, model.valid_to, ON)


KPM, PENDAMPING = sa.bindparam("kpm", type_=sa.Uuid()), sa.bindparam("pendamping", type_=sa.Uuid())
AREA, ON = sa.bindparam("area", type_=sa.Text()), sa.bindparam("on", type_=sa.Date())
# The replica's area of the family is newer than the case's until relocation/commands.py has moved the case.
CURRENT_AREA = sa.func.coalesce(sa.select(Kpm.kode_wilayah).where(Kpm.kpm_id == KPM).scalar_subquery(), AREA)
COVERS_FAMILY = is_in_area(CURRENT_AREA, WilayahTugas.kode_wilayah)
# Fast path: built once, because every command of a pendamping executes it.
DAMPINGAN_CHECK = (
    sa.select(
        Dampingan.penugasan_id,
        status_on(StatusRange, Dampingan.pendamping_id, ON).label("status"),
        _is_valid(Penugasan).label("placed"),
        sa.select(WilayahTugas.wilayah_tugas_id)
        .where(WilayahTugas.penugasan_id == Dampingan.penugasan_id, _is_valid(WilayahTugas), COVERS_FAMILY)
        .exists()
        .label("covered"),
    )
    .outerjoin(Penugasan, Penugasan.penugasan_id == Dampingan.penugasan_id)
    .where(Dampingan.kpm_id == KPM, Dampingan.pendamping_id == PENDAMPING, _is_valid(Dampingan))
    .order_by(Penugasan.kind != PilarKind.PKH_PENDAMPING, Dampingan.dampingan_id)
    .limit(1)
)
IS_ACCOMPANIED = sa.select(
    sa.select(Dampingan.dampingan_id).where(Dampingan.kpm_id == KPM, _is_valid(Dampingan)).exists()
)
PENUGASAN_IN_AREA = (
    sa.select(Penugasan.penugasan_id, status_on(StatusRange, PENDAMPING, ON).label("status"))
    .join(WilayahTugas, WilayahTugas.penugasan_id == Penugasan.penugasan_id)
    .where(
        Penugasan.pendamping_id == PENDAMPING, _is_valid(Penugasan), _is_valid(WilayahTugas), COVERS_FAMILY
    )
    .order_by(Penugasan.penugasan_id)
    .limit(1)
)
