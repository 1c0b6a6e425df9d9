"""Which pendamping an actor may see, and who may act for the whole country."""

from datetime import date

import sqlalchemy as sa

from services.registry.pendamping.models import Pendamping
from services.registry.placement.models import Penugasan, WilayahTugas
from shared.access import Actor, Scope
from shared.areas import in_areas
from shared.contracts.kinds import FINAL_STATUSES
from shared.errors import NotAllowed
from shared.validity import not_ended_by


def readable_by(actor: Actor, today: date) -> sa.ColumnElement[bool]:
    """Return the condition on `Pendamping` for the rows that an actor may read.

    An office also reads a pendamping whose service ended in its areas, so that it can request a reversal.
    """
    if actor.scope is not Scope.AREA:
        return visible_to(actor, today)
    left_here = sa.exists().where(
        WilayahTugas.pendamping_id == Pendamping.pendamping_id,
        in_areas(WilayahTugas.kode_wilayah, actor.areas),
        WilayahTugas.valid_to >= Pendamping.status_from_on,
    )
    return sa.or_(visible_to(actor, today), sa.and_(Pendamping.status.in_(FINAL_STATUSES), left_here))


def visible_to(actor: Actor, today: date) -> sa.ColumnElement[bool]:
    """Return the condition on `Pendamping` for the rows that an actor may see in lists.

    A pendamping sees itself. An office sees those placed in its areas today or later. A ditjen sees those in its areas
    whom it has placed, and those without a placement. A national actor sees all. Row security is wider: it also shows
    an office who was placed in its areas before, and who never had an area.
    """
    own = Pendamping.pendamping_id == actor.pendamping_id if actor.pendamping_id else sa.false()
    if actor.scope is Scope.SELF:
        return own
    if actor.scope is Scope.NATIONAL:
        return sa.true()
    if actor.scope is Scope.DITJEN:  # Row security checks the areas.
        return is_of_ditjen(actor.ditjen)
    placed = sa.select(WilayahTugas.pendamping_id).where(
        in_areas(WilayahTugas.kode_wilayah, actor.areas),
        not_ended_by(WilayahTugas.valid_to, sa.func.greatest(WilayahTugas.valid_from, today)),
    )
    return sa.or_(own, Pendamping.pendamping_id.in_(placed))


def is_of_ditjen(ditjen: str | None) -> sa.ColumnElement[bool]:
    """Return the condition on `Pendamping` that the ditjen has placed it, or nobody has."""
    placement = sa.select(Penugasan.penugasan_id).where(Penugasan.pendamping_id == Pendamping.pendamping_id)
    return sa.or_(placement.where(Penugasan.ditjen == ditjen).exists(), ~placement.exists())


def require_ditjen(actor: Actor, ditjen: str, pointer: str | None = None) -> None:
    """Require that a placement is of the actor's ditjen, if the actor acts for one.

    Raises:
        NotAllowed.
    """
    if actor.scope is Scope.DITJEN and ditjen != actor.ditjen:
        raise NotAllowed(pointer)
