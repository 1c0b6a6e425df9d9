from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.history import read_statuses
from services.registry.pendamping.models import ContactHistory, Pendamping, StatusHistory, StatusRecord
from services.registry.placement.models import Penugasan, PenugasanCorrection, RangeHistory, WilayahTugas
from services.registry.visibility import readable_by, visible_to
from shared import clock
from shared.access import Actor
from shared.areas import in_areas
from shared.contracts.kinds import PendampingStatus, PilarKind
from shared.database import national_scope, vault_of
from shared.errors import NotFound
from shared.privacy import Nik, Vault, mask
from shared.text import name_key
from shared.validity import valid_on

SEALED_COLUMNS = (
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
    """Return one pendamping with the name in clear text and the NIK masked.

    Raises:
        NotFound: There is none, or the actor may not see it.
    """
    return await _read_visible(session, actor, Pendamping.pendamping_id == pendamping_id)


async def look_up_pendamping(session: AsyncSession, actor: Actor, nik: Nik) -> dict[str, Any]:
    """Return the pendamping with this NIK, else the one who had it before a correction.

    Raises:
        NotFound: There is none, or the actor may not see it.
    """
    index = vault_of(session).index("nik", nik)
    same_nik = sa.or_(
        Pendamping.nik_index == index, Pendamping.pendamping_id.in_(_select_former_holders(index))
    )
    return await _read_visible(session, actor, same_nik, Pendamping.nik_index != index)


def _select_former_holders(nik_index: bytes) -> sa.Select[UUID]:
    return sa.select(ContactHistory.pendamping_id).where(ContactHistory.nik_index == nik_index)


async def has_former_nik(session: AsyncSession, nik: Nik, name: str) -> bool:
    """Return whether a pendamping of this name had this NIK before a correction."""
    vault = vault_of(session)
    holders = _select_former_holders(vault.index("nik", nik))
    former = sa.select(*SEALED_COLUMNS).where(Pendamping.pendamping_id.in_(holders))
    # The former holder may be of another ditjen.
    async with national_scope(session):
        rows = (await session.execute(former)).mappings().all()
    return any(name_key(unseal(vault, dict(row))["name"]) == name_key(name) for row in rows)


async def _read_visible(
    session: AsyncSession,
    actor: Actor,
    condition: sa.ColumnElement[bool],
    *order: sa.ColumnElement[Any],
) -> dict[str, Any]:
    today = await clock.today(session)
    visible = readable_by(actor, today)
    # A NIK may also have cancelled registrations.
    cancelled = Pendamping.status == PendampingStatus.DIBATALKAN
    order = (*order, cancelled, Pendamping.pendamping_id.desc())
    statement = sa.select(*SEALED_COLUMNS).where(condition, visible).order_by(*order).limit(1)
    row = (await session.execute(statement)).mappings().one_or_none()
    if row is None:
        raise NotFound("pendamping")
    statuses = await read_statuses(session, row["pendamping_id"])
    planned = [
        {name: getattr(record, name) for name in StatusRecord.model_fields}
        for record in statuses
        if record.from_on > today
    ]
    return unseal(vault_of(session), dict(row)) | {"planned": planned}


def unseal(vault: Vault, row: dict[str, Any]) -> dict[str, Any]:
    """Return a row with name and phone in clear text and the NIK masked."""
    return _unseal_row(vault, row, "pendamping", row["pendamping_id"])


def _unseal_row(vault: Vault, row: dict[str, Any], table: str, row_id: UUID) -> dict[str, Any]:
    def open_column(column: str) -> str | None:
        blob = row[f"{column}_sealed"]
        return vault.open(blob, table=table, column=column, row_id=row_id) if blob is not None else None

    public = {name: value for name, value in row.items() if not name.endswith("_sealed")}
    nik = open_column("nik")
    return public | {
        "nik": mask(nik) if nik else None,
        "name": open_column("name"),
        "phone": open_column("phone"),
    }


def to_list_item(vault: Vault, row: dict[str, Any]) -> dict[str, Any]:
    """Return an unsealed row without the phone, which lists do not show."""
    return {name: value for name, value in unseal(vault, row).items() if name != "phone"}


async def select_pendamping(
    session: AsyncSession,
    actor: Actor,
    *,
    status: str | None,
    kind: PilarKind | None,
    kode_wilayah: str | None,
) -> Any:
    """Return a select of the pendamping that the actor may see, filtered.

    Order it by `pendamping_no`.
    """
    today = await clock.today(session)
    statement = sa.select(*SEALED_COLUMNS).where(visible_to(actor, today))
    if status is not None:
        statement = statement.where(Pendamping.status == status)
    if kind is not None:
        serving = sa.select(Penugasan.pendamping_id).where(
            Penugasan.kind == kind, valid_on(Penugasan.valid_from, Penugasan.valid_to, today)
        )
        statement = statement.where(Pendamping.pendamping_id.in_(serving))
    if kode_wilayah is not None:
        inside = in_areas(WilayahTugas.kode_wilayah, [kode_wilayah])
        placed = sa.select(WilayahTugas.pendamping_id).where(
            inside, valid_on(WilayahTugas.valid_from, WilayahTugas.valid_to, today)
        )
        statement = statement.where(Pendamping.pendamping_id.in_(placed))
    return statement


async def read_names(
    session: AsyncSession, actor: Actor, pendamping_ids: Sequence[UUID]
) -> list[dict[str, Any]]:
    """Return the names of those pendamping whom the actor may read, with today's areas."""
    today = await clock.today(session)
    asked = Pendamping.pendamping_id.in_(pendamping_ids)
    statement = sa.select(*SEALED_COLUMNS).where(asked, readable_by(actor, today))
    rows = (await session.execute(statement.order_by(Pendamping.pendamping_id))).mappings().all()
    placed = sa.select(WilayahTugas.pendamping_id, WilayahTugas.kode_wilayah).where(
        WilayahTugas.pendamping_id.in_(pendamping_ids),
        valid_on(WilayahTugas.valid_from, WilayahTugas.valid_to, today),
    )
    areas = defaultdict[UUID, list[dict[str, str]]](list)
    for pendamping_id, kode_wilayah in await session.execute(placed.order_by(WilayahTugas.kode_wilayah)):
        areas[pendamping_id].append({"kode_wilayah": kode_wilayah})
    vault = vault_of(session)
    return [unseal(vault, dict(row)) | {"areas": areas[row["pendamping_id"]]} for row in rows]


async def read_with_histories(session: AsyncSession, actor: Actor, pendamping_id: UUID) -> dict[str, Any]:
    """Return one pendamping with placements, their areas and the histories, oldest first.

    Raises:
        NotFound: There is none, or the actor may not see it.
    """
    pendamping = await read_pendamping(session, actor, pendamping_id)
    areas = await _read_rows(session, WilayahTugas, pendamping_id, WilayahTugas.valid_from)
    placements = await _read_rows(session, Penugasan, pendamping_id, Penugasan.valid_from)
    corrections = await _read_corrections(session, [row["penugasan_id"] for row in placements])
    for placement in placements:
        placement["wilayah_tugas"] = [
            area for area in areas if area["penugasan_id"] == placement["penugasan_id"]
        ]
        placement["corrections"] = [
            correction
            for correction in corrections
            if correction["penugasan_id"] == placement["penugasan_id"]
        ]
    statuses = await _read_rows(session, StatusHistory, pendamping_id, StatusHistory.number)
    thing_ids = [row["penugasan_id"] for row in placements] + [row["wilayah_tugas_id"] for row in areas]
    ranges = await _read_range_history(session, thing_ids)
    vault = vault_of(session)
    contacts = [
        _unseal_row(vault, row, "contact_history", row["contact_history_id"])
        for row in await _read_rows(session, ContactHistory, pendamping_id, ContactHistory.number)
    ]
    histories = {"status_history": statuses, "range_history": ranges, "contact_history": contacts}
    return pendamping | {"penugasan": placements} | histories


async def _read_rows(
    session: AsyncSession, table: type[Any], pendamping_id: UUID, order: Any
) -> list[dict[str, Any]]:
    statement = sa.select(table.__table__).where(table.pendamping_id == pendamping_id).order_by(order)
    return [dict(row) for row in (await session.execute(statement)).mappings()]


async def _read_corrections(session: AsyncSession, penugasan_ids: list[UUID]) -> list[dict[str, Any]]:
    row = PenugasanCorrection
    statement = sa.select(row.__table__).where(row.penugasan_id.in_(penugasan_ids)).order_by(row.number)
    return [dict(one) for one in (await session.execute(statement)).mappings()]


async def _read_range_history(session: AsyncSession, thing_ids: list[UUID]) -> list[dict[str, Any]]:
    order = (RangeHistory.recorded_at, RangeHistory.range_history_id)
    statement = sa.select(RangeHistory.__table__).where(RangeHistory.thing_id.in_(thing_ids)).order_by(*order)
    return [dict(row) for row in (await session.execute(statement)).mappings()]
