"""Which families an actor may read, and which an actor may change."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from services.caseload.dampingan.models import Dampingan
from services.caseload.family.models import Kpm
from services.caseload.replicas.models import StatusRange
from shared import clock
from shared.access import Actor, Scope
from shared.accompaniment import require_active, status_on
from shared.areas import in_areas
from shared.contracts.kinds import FamilyEndReason, PilarKind
from shared.database import load
from shared.errors import FamilyHasEnded, NotFound

HOME = aliased(Kpm)


def visible_to(actor: Actor, today: date) -> sa.ColumnElement[bool]:
    """Return the condition that the actor may read a family. Row security checks the area."""
    if actor.scope is not Scope.OWN_FAMILIES:
        return sa.true()
    accompanied = sa.exists().where(
        Dampingan.kpm_id == Kpm.kpm_id,
        Dampingan.pendamping_id == actor.pendamping_id,
        Dampingan.valid.contains(today),
    )
    return accompanied if actor.pendamping_id else sa.false()


async def require_visible(session: AsyncSession, actor: Actor, kpm_id: UUID) -> Any:
    """Return the family's row if the actor may read it.

    Raises:
        NotFound: it does not exist, or the actor may not read it.
    """
    today = await clock.today(session)
    row = (
        await session.execute(sa.select(Kpm).where(Kpm.kpm_id == kpm_id, visible_to(actor, today)))
    ).scalar_one_or_none()
    if row is None:
        raise NotFound("kpm")
    return row


def area_conditions(actor: Actor, kode_wilayah: str | None) -> list[sa.ColumnElement[bool]]:
    """Return conditions on `kpm` for the requested area and for the actor's areas.

    Row security checks the areas in any case. These ranges let the planner use the index of areas.
    """
    requested = [in_areas(Kpm.kode_wilayah, [kode_wilayah])] if kode_wilayah is not None else []
    return requested if actor.national else [*requested, in_areas(Kpm.kode_wilayah, actor.areas)]


def area_prefix_condition(kode_wilayah: str | None) -> list[sa.ColumnElement[bool]]:
    """Return the condition for the requested area on families that are selected by id.

    It is not a range, because the planner might then scan the index of areas once for each id.
    """
    return [sa.func.left(Kpm.kode_wilayah, len(kode_wilayah)) == kode_wilayah] if kode_wilayah else []


def accompanied_families(pendamping_id: UUID | None, day: date) -> sa.CTE:
    """Return the families that a pendamping accompanies on a day, each once."""
    statement = sa.select(Dampingan.kpm_id).distinct()
    statement = statement.where(Dampingan.pendamping_id == pendamping_id, Dampingan.valid.contains(day))
    # Fast path: materialized. Else the planner scans all families for one page (seconds at 300,000 families).
    return statement.cte("mine").prefix_with("MATERIALIZED", dialect="postgresql")


def select_kode_wilayah(kpm_id: sa.SQLColumnExpression[UUID]) -> sa.Label[str]:
    """Return a scalar subquery for the area of a listed row's family."""
    # Fast path: no join. With a join the planner starts with all families for one page (1.7 s at 40,000 families).
    area = sa.select(HOME.kode_wilayah).where(HOME.kpm_id == kpm_id)
    return area.scalar_subquery().label("kode_wilayah")


def exists_per_row(*conditions: sa.ColumnElement[bool]) -> sa.Exists:
    """Return an EXISTS condition that is evaluated for each listed row.

    OFFSET 0 prevents the planner from rewriting it as a join. A list in index order can then stop after its page.
    """
    return sa.select(sa.literal_column("1")).where(*conditions).offset(sa.literal_column("0")).exists()


@dataclass(frozen=True, slots=True)
class LockedFamily:
    """A locked family, and the dampingan that allows the actor to change it.

    Officials act by their area and have no dampingan.
    """

    kpm: Kpm
    dampingan: Dampingan | None

    @property
    def placement(self) -> tuple[UUID | None, UUID | None]:
        """Return penugasan_id and pendamping_id of the dampingan, None without one."""
        dampingan = self.dampingan
        return (dampingan.penugasan_id, dampingan.pendamping_id) if dampingan else (None, None)


async def lock_family(
    session: AsyncSession, actor: Actor, kpm_id: UUID, *, ended: Collection[FamilyEndReason] = ()
) -> LockedFamily:
    """Lock a family that the actor may change.

    `ended` are the reasons for which it may have ended.

    Raises:
        NotFound: it does not exist, or the actor does not accompany it.
        PendampingInactive: only a pendamping who is AKTIF today may change a family. NotYetKnown
        FamilyHasEnded: it has ended for another reason.
    """
    dampingan = None
    if actor.scope is Scope.OWN_FAMILIES:
        dampingan = await read_own_dampingan(session, actor, kpm_id)
        status = status_on(StatusRange, dampingan.pendamping_id, await clock.today(session))
        require_active(await session.scalar(sa.select(status)))
    kpm = await load(session, Kpm, kpm_id, noun="kpm")
    if kpm.end_reason not in ended:
        require_not_ended(kpm)
    return LockedFamily(kpm, dampingan)


async def lock_families(
    session: AsyncSession,
    actor: Actor,
    kpm_id: UUID,
    other_id: UUID | None,
    *,
    ended: Collection[FamilyEndReason] = (),
) -> tuple[Kpm, Kpm | None]:
    """Lock two families in the order of their ids to avoid deadlocks.

    `ended` are the reasons for which the first one may have ended.

    Raises:
        Those of `lock_family`.
    """
    locked: dict[UUID, Kpm] = {}
    for id_ in sorted({kpm_id, other_id or kpm_id}, key=str):
        family = await lock_family(session, actor, id_, ended=ended if id_ == kpm_id else ())
        locked[id_] = family.kpm
    kpm = locked.pop(kpm_id)
    return kpm, next(iter(locked.values()), None)


def require_not_ended(kpm: Kpm, pointer: str | None = None) -> None:
    """Raise FamilyHasEnded if the family has ended."""
    if kpm.ended_on is not None and kpm.end_reason is not None:
        raise FamilyHasEnded(pointer, ended_on=kpm.ended_on, end_reason=kpm.end_reason.value)


async def open_family_rows(session: AsyncSession, kpm_id: UUID) -> None:
    """Let this transaction read a family that the actor does not accompany."""
    await session.execute(sa.select(sa.func.set_config("pilar.open_family", str(kpm_id), True)))  # noqa: FBT003


async def read_own_dampingan(session: AsyncSession, actor: Actor, kpm_id: UUID) -> Dampingan:
    """Return the actor's dampingan of the family today, a PKH dampingan first.

    Raises:
        NotFound: the actor does not accompany the family today.
    """
    today = await clock.today(session)
    statement = (
        sa.select(Dampingan)
        .where(Dampingan.kpm_id == kpm_id, Dampingan.pendamping_id == actor.pendamping_id)
        .where(Dampingan.valid.contains(today))
        .order_by(Dampingan.kind != PilarKind.PKH_PENDAMPING, Dampingan.dampingan_id)
    )
    dampingan = (await session.scalars(statement.limit(1))).one_or_none()
    if dampingan is None:
        raise NotFound("kpm")
    return dampingan
