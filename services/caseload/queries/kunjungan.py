"""Home visits as they are read: authorship stays with who made them (domain.md 7.3)."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.models import Dampingan, Kunjungan
from shared import clock
from shared.access import Actor, Scope
from shared.database import vault_of
from shared.errors import NotFound

NAMES = ("kunjungan_id", "kpm_id", "pendamping_id", "penugasan_id", "purpose", "visited_on")


async def list_kunjungan(
    session: AsyncSession, actor: Actor, pendamping_id: UUID | None, kpm_id: UUID | None
) -> sa.Select[*tuple[Any, ...]]:
    """Select visits by `kunjungan_id`, which grows with time."""
    statement = sa.select(*(getattr(Kunjungan, name) for name in NAMES))
    if pendamping_id is not None:
        statement = statement.where(Kunjungan.pendamping_id == pendamping_id)
    if kpm_id is not None:
        statement = statement.where(Kunjungan.kpm_id == kpm_id)
    if actor.scope is not Scope.OWN_FAMILIES:
        return statement
    if kpm_id is not None:
        return statement.where(await readable(session, actor))
    return statement.where(Kunjungan.pendamping_id == actor.pendamping_id)


async def readable(session: AsyncSession, actor: Actor) -> sa.ColumnElement[bool]:
    """Return the condition that a visit is the caller's to read: made by them, or to a family of theirs today."""
    if actor.scope is not Scope.OWN_FAMILIES:
        return sa.true()
    mine = sa.exists().where(
        Dampingan.kpm_id == Kunjungan.kpm_id,
        Dampingan.pendamping_id == actor.pendamping_id,
        Dampingan.valid.contains(await clock.today(session)),
    )
    return sa.or_(Kunjungan.pendamping_id == actor.pendamping_id, mine)


async def read_kunjungan(session: AsyncSession, actor: Actor, kunjungan_id: UUID) -> dict[str, Any]:
    """Return one visit with its findings opened.

    Raises:
        NotFound: there is none, or it is not the caller's to read.
    """
    wanted = sa.select(Kunjungan).where(Kunjungan.kunjungan_id == kunjungan_id)
    row = await session.scalar(wanted.where(await readable(session, actor)))
    if row is None:
        raise NotFound("kunjungan")
    vault, place = vault_of(session), {"table": "kunjungan", "row_id": kunjungan_id}
    sealed = row.next_action_sealed
    return {name: getattr(row, name) for name in NAMES} | {
        "findings": vault.open(row.findings_sealed, column="findings", **place),
        "next_action": vault.open(sealed, column="next_action", **place) if sealed else None,
    }
