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
from shared.database import PreparedSelect, placeholder
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
    rows = await DAMPINGAN_CHECK.fetch(session, kpm_id, on, actor.pendamping_id, kode_wilayah)
    if not rows:
        raise FamilyNotAccompanied
    row = rows[0]
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
    if monitored or await IS_ACCOMPANIED.fetch(session, kpm_id, on):
        return await require_dampingan(session, actor, kpm_id, kode_wilayah, on, late=late)
    if actor.pendamping_id is None:
        raise FamilyNotAccompanied
    rows = await PENUGASAN_IN_AREA.fetch(session, kpm_id, on, actor.pendamping_id, kode_wilayah)
    if not rows:
        raise FamilyNotAccompanied
    require_active(rows[0].status)
    return actor.pendamping_id, rows[0].penugasan_id


def _is_valid(model: type[Dampingan | Penugasan | WilayahTugas]) -> sa.ColumnElement[bool]:
    return valid_on(model.valid_from, model.valid_to, ON)


KPM, ON = placeholder(1, sa.Uuid()), placeholder(2, sa.Date())
PENDAMPING, AREA = placeholder(3, sa.Uuid()), placeholder(4, sa.Text())
# The replica's area of the family is newer than the case's until relocation/commands.py has moved the case.
CURRENT_AREA = sa.func.coalesce(sa.select(Kpm.kode_wilayah).where(Kpm.kpm_id == KPM).scalar_subquery(), AREA)
COVERS_FAMILY = is_in_area(CURRENT_AREA, WilayahTugas.kode_wilayah)
# Fast path: every command of a pendamping executes it (bench: decisions).
DAMPINGAN_CHECK = PreparedSelect(
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
IS_ACCOMPANIED = PreparedSelect(
    sa.select(Dampingan.dampingan_id).where(Dampingan.kpm_id == KPM, _is_valid(Dampingan)).limit(1)
)
PENUGASAN_IN_AREA = PreparedSelect(
    sa.select(Penugasan.penugasan_id, status_on(StatusRange, PENDAMPING, ON).label("status"))
    .join(WilayahTugas, WilayahTugas.penugasan_id == Penugasan.penugasan_id)
    .where(
        Penugasan.pendamping_id == PENDAMPING, _is_valid(Penugasan), _is_valid(WilayahTugas), COVERS_FAMILY
    )
    .order_by(Penugasan.penugasan_id)
    .limit(1)
)
