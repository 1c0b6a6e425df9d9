"""Whose families one may change: a pendamping those of their dampingan today, officials those of their area."""

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.errors import PendampingNotActive
from services.caseload.models import Dampingan, Kpm, Pendamping
from shared import clock
from shared.access import Actor, Scope
from shared.contracts.kinds import PendampingStatus, PilarKind
from shared.database import load
from shared.errors import NotFound


@dataclass(frozen=True, slots=True)
class InHand:
    """A locked family, and the dampingan by which the caller acts; officials act by their area."""

    kpm: Kpm
    dampingan: Dampingan | None

    @property
    def penugasan(self) -> tuple[UUID | None, UUID | None]:
        """The placement and its pendamping, for what records the act."""
        held = self.dampingan
        return (held.penugasan_id, held.pendamping_id) if held else (None, None)


async def family_in_hand(session: AsyncSession, actor: Actor, kpm_id: UUID) -> InHand:
    """Lock a family that the caller may change.

    Raises:
        NotFound: there is none, or it is not the caller's.
        PendampingNotActive: only an AKTIF pendamping does new acts.
    """
    if actor.scope is not Scope.OWN_FAMILIES:
        return InHand(await load(session, Kpm, kpm_id, noun="kpm"), None)
    dampingan = await held_today(session, actor, kpm_id)
    pendamping = await session.get(Pendamping, dampingan.pendamping_id)
    if pendamping is not None and pendamping.status is not PendampingStatus.AKTIF:
        raise PendampingNotActive(status=pendamping.status.value)
    return InHand(await load(session, Kpm, kpm_id, noun="kpm"), dampingan)


async def held_today(session: AsyncSession, actor: Actor, kpm_id: UUID) -> Dampingan:
    """Return the caller's dampingan of the family today, that of PKH before others; raise NotFound."""
    today = await clock.today(session)
    mine = (
        sa.select(Dampingan)
        .where(Dampingan.kpm_id == kpm_id, Dampingan.pendamping_id == actor.pendamping_id)
        .where(Dampingan.valid.contains(today))
        .order_by(Dampingan.kind != PilarKind.PKH_PENDAMPING, Dampingan.dampingan_id)
    )
    found = (await session.scalars(mine.limit(1))).one_or_none()
    if found is None:
        raise NotFound("kpm")
    return found
