"""Which pendamping a caller sees, and who may act for the whole country."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa

from services.registry.pendamping.models import Pendamping
from services.registry.placement.models import WilayahTugas
from shared.access import Actor, Scope
from shared.errors import NotAllowed


def visible_to(actor: Actor, today: date) -> sa.ColumnElement[bool]:
    """Whom an actor may see: oneself; for offices those placed in their area now or later; nationally everybody."""
    own = Pendamping.pendamping_id == actor.pendamping_id if actor.pendamping_id else sa.false()
    if actor.scope is Scope.OWN_FAMILIES:
        return own
    if actor.scope is Scope.NATIONAL:
        return sa.true()
    later = sa.or_(WilayahTugas.valid_to.is_(None), WilayahTugas.valid_to > today)
    placed = sa.select(WilayahTugas.pendamping_id).where(
        within(WilayahTugas.kode_wilayah, actor.areas), later
    )
    return sa.or_(own, Pendamping.pendamping_id.in_(placed))


def within(code: Any, areas: Sequence[str]) -> sa.ColumnElement[bool]:
    """Return that a code is one of the areas or lies below one, as ranges that an index serves; no area, no rows."""
    return sa.or_(sa.false(), *(sa.and_(code >= area, code < f"{area}~") for area in areas))


def require_national(actor: Actor) -> None:
    """Raise NotAllowed unless the whole country is the actor's area: the framework is the ministry's (chain.md 5)."""
    if not actor.national:
        raise NotAllowed
