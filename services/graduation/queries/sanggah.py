"""Reads of objections."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.models import Graduasi, Sanggah, SanggahState
from services.graduation.queries.seen import visible
from services.graduation.queries.waiting import waiting_sanggah
from shared.access import Actor, Role

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
    statement = sa.select(*SHOWN)
    if caller.roles == {Role.PENDAMPING}:
        statement = statement.join(Graduasi, Graduasi.graduasi_id == Sanggah.graduasi_id)
        statement = statement.where(await visible(session, caller))
    if wanted.waiting:
        statement = statement.where(waiting_sanggah(caller))
    if wanted.state is not None:
        statement = statement.where(Sanggah.state == wanted.state)
    if wanted.graduasi_id is not None:
        statement = statement.where(Sanggah.graduasi_id == wanted.graduasi_id)
    return statement
