from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.pendamping.models import Pendamping, StatusHistory
from services.registry.placement.models import Penugasan, RangeHistory, WilayahTugas
from services.registry.visibility import visible_to
from shared import clock
from shared.access import Actor
from shared.areas import in_areas
from shared.contracts.kinds import PilarKind
from shared.database import vault_of
from shared.errors import NotFound
from shared.privacy import Nik, Vault, mask
from shared.validity import holds_on

SEALED = (
    Pendamping.pendamping_id,
    Pendamping.pendamping_no,
    Pendamping.subject,
    Pendamping.nik_sealed,
    Pendamping.name_sealed,
    Pendamping.phone_sealed,
    Pendamping.status,
    Pendamping.status_from_on,
    Pendamping.version,
)


async def read_pendamping(session: AsyncSession, actor: Actor, pendamping_id: UUID) -> dict[str, Any]:
    """Return one pendamping with the name open and the NIK masked; raise NotFound also where one may not see."""
    return await _one(session, actor, Pendamping.pendamping_id == pendamping_id)


async def look_up_pendamping(session: AsyncSession, actor: Actor, nik: Nik) -> dict[str, Any]:
    """Return the pendamping with this NIK; raise NotFound also where one may not see."""
    return await _one(session, actor, Pendamping.nik_index == vault_of(session).index("nik", nik))


async def _one(session: AsyncSession, actor: Actor, condition: sa.ColumnElement[bool]) -> dict[str, Any]:
    seen = visible_to(actor, await clock.today(session))
    row = (await session.execute(sa.select(*SEALED).where(condition, seen))).mappings().one_or_none()
    if row is None:
        raise NotFound("pendamping")
    return opened(vault_of(session), dict(row))


def opened(vault: Vault, row: dict[str, Any]) -> dict[str, Any]:
    """Return a row with name and phone open, and of the NIK its masked form."""

    def clear(column: str) -> str | None:
        blob = row[f"{column}_sealed"]
        place = {"table": "pendamping", "column": column, "row_id": row["pendamping_id"]}
        return vault.open(blob, **place) if blob is not None else None

    shown = {name: value for name, value in row.items() if not name.endswith("_sealed")}
    nik = clear("nik")
    return shown | {"nik": mask(nik) if nik else None, "name": clear("name"), "phone": clear("phone")}


def listed(vault: Vault, row: dict[str, Any]) -> dict[str, Any]:
    """Return a row as lists show it: without phone."""
    return {name: value for name, value in opened(vault, row).items() if name != "phone"}


async def pendamping_list(
    session: AsyncSession,
    actor: Actor,
    *,
    status: str | None,
    kind: PilarKind | None,
    kode_wilayah: str | None,
) -> Any:
    """Return the select of those whom the actor may see, narrowed; order by `pendamping_no`."""
    today = await clock.today(session)
    statement = sa.select(*SEALED).where(visible_to(actor, today))
    if status is not None:
        statement = statement.where(Pendamping.status == status)
    if kind is not None:
        held = sa.select(Penugasan.pendamping_id).where(
            Penugasan.kind == kind, holds_on(Penugasan.valid_from, Penugasan.valid_to, today)
        )
        statement = statement.where(Pendamping.pendamping_id.in_(held))
    if kode_wilayah is not None:
        inside = in_areas(WilayahTugas.kode_wilayah, [kode_wilayah])
        placed = sa.select(WilayahTugas.pendamping_id).where(
            inside, holds_on(WilayahTugas.valid_from, WilayahTugas.valid_to, today)
        )
        statement = statement.where(Pendamping.pendamping_id.in_(placed))
    return statement


async def read_file(session: AsyncSession, actor: Actor, pendamping_id: UUID) -> dict[str, Any]:
    """Return one pendamping with placements, their areas, and the statuses held, oldest first."""
    found = await read_pendamping(session, actor, pendamping_id)
    areas = await _rows(session, WilayahTugas, pendamping_id, WilayahTugas.valid_from)
    placements = await _rows(session, Penugasan, pendamping_id, Penugasan.valid_from)
    for placement in placements:
        own = [area for area in areas if area["penugasan_id"] == placement["penugasan_id"]]
        placement["wilayah_tugas"] = own
    statuses = await _rows(session, StatusHistory, pendamping_id, StatusHistory.number)
    things = [row["penugasan_id"] for row in placements] + [row["wilayah_tugas_id"] for row in areas]
    ranges = await _range_history(session, things)
    return found | {"penugasan": placements, "status_history": statuses, "range_history": ranges}


async def _rows(
    session: AsyncSession, table: type[Any], pendamping_id: UUID, order: Any
) -> list[dict[str, Any]]:
    statement = sa.select(table.__table__).where(table.pendamping_id == pendamping_id).order_by(order)
    return [dict(row) for row in (await session.execute(statement)).mappings()]


async def _range_history(session: AsyncSession, thing_ids: list[UUID]) -> list[dict[str, Any]]:
    order = (RangeHistory.recorded_at, RangeHistory.range_history_id)
    statement = sa.select(RangeHistory.__table__).where(RangeHistory.thing_id.in_(thing_ids)).order_by(*order)
    return [dict(row) for row in (await session.execute(statement)).mappings()]
