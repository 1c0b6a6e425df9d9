"""Which families a caller sees, and which a caller may change."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from services.caseload.dampingan.models import Dampingan
from services.caseload.family.models import Kpm
from services.caseload.replicas.models import Pendamping
from shared import clock
from shared.access import Actor, Scope
from shared.areas import in_areas
from shared.contracts.kinds import PendampingStatus, PilarKind
from shared.database import load
from shared.errors import NotFound, PendampingInactive


def own(actor: Actor, today: date) -> sa.ColumnElement[bool]:
    """Return the condition that a family is the caller's to see; area is held by row security."""
    if actor.scope is not Scope.OWN_FAMILIES:
        return sa.true()
    mine = sa.exists().where(
        Dampingan.kpm_id == Kpm.kpm_id,
        Dampingan.pendamping_id == actor.pendamping_id,
        Dampingan.valid.contains(today),
    )
    return mine if actor.pendamping_id else sa.false()


async def require_sight(session: AsyncSession, actor: Actor, kpm_id: UUID) -> Any:
    """Return the family's row.

    Raises:
        NotFound: there is none, or it is not the caller's to see.
    """
    today = await clock.today(session)
    row = (
        await session.execute(sa.select(Kpm).where(Kpm.kpm_id == kpm_id, own(actor, today)))
    ).scalar_one_or_none()
    if row is None:
        raise NotFound("kpm")
    return row


def within(actor: Actor, kode_wilayah: str | None) -> list[sa.ColumnElement[bool]]:
    """Return conditions on `kpm` for an area asked for and for the caller's own: what row security asks too, as ranges.

    Row security holds in any case; ranges let the planner go by the index of areas.
    """
    asked = [in_areas(Kpm.kode_wilayah, [kode_wilayah])] if kode_wilayah is not None else []
    return asked if actor.national else [*asked, in_areas(Kpm.kode_wilayah, actor.areas)]


def lives_in(kode_wilayah: str | None) -> list[sa.ColumnElement[bool]]:
    """Return the condition on `kpm` for an area asked for among families that are found by their ids.

    Not as a range: the planner may take the index of areas for as narrow, and walk through a kabupaten for each id.
    """
    return [sa.func.left(Kpm.kode_wilayah, len(kode_wilayah)) == kode_wilayah] if kode_wilayah else []


def accompanied_by(holder: UUID | None, day: date) -> sa.CTE:
    """Return the families that a pendamping has on a day, some hundreds, each once.

    Materialized: a planner that hopes for an early end of the page walks through all families of the country instead
    (measured at 300,000: seconds).
    """
    held = sa.select(Dampingan.kpm_id).distinct()
    held = held.where(Dampingan.pendamping_id == holder, Dampingan.valid.contains(day))
    return held.cte("mine").prefix_with("MATERIALIZED", dialect="postgresql")


def area_of(kpm_id: sa.SQLColumnExpression[UUID]) -> sa.Label[str]:
    """Return the area of a listed row's family, read for the page alone.

    Not by a join: where no area narrows the list, the planner takes row security for narrow, begins with the families,
    and walks through all of them for one page (measured at 40,000: 1.7 s).
    """
    home = aliased(Kpm)
    area = sa.select(home.kode_wilayah).where(home.kpm_id == kpm_id)
    return area.scalar_subquery().label("kode_wilayah")


def row_by_row(*conditions: sa.ColumnElement[bool]) -> sa.Exists:
    """Return whether there is such a row, asked of each listed row: OFFSET 0 keeps the planner from making it a join.

    A list in the order of its index ends with its page then, instead of being found whole and sorted.
    """
    return sa.select(sa.literal_column("1")).where(*conditions).offset(sa.literal_column("0")).exists()


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
        PendampingInactive: only an AKTIF pendamping does new acts.
    """
    if actor.scope is not Scope.OWN_FAMILIES:
        return InHand(await load(session, Kpm, kpm_id, noun="kpm"), None)
    dampingan = await held_today(session, actor, kpm_id)
    pendamping = await session.get(Pendamping, dampingan.pendamping_id)
    if pendamping is not None and pendamping.status is not PendampingStatus.AKTIF:
        raise PendampingInactive(status=pendamping.status.value)
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
