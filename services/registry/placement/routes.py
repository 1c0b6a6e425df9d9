from uuid import UUID

from services.registry.placement.commands import (
    end_penugasan,
    end_wilayah_tugas,
    place_wilayah_tugas,
    start_penugasan,
)
from services.registry.placement.models import (
    PenugasanTerms,
    PenugasanView,
    WilayahTugasTerms,
    WilayahTugasView,
)
from shared.access import Permission
from shared.fields import Body, Code, Day
from shared.http import CurrentActor, Router, Session, may

penugasan = Router(tag="penugasan")
wilayah = Router(tag="wilayah-tugas")


class PenugasanStart(PenugasanTerms, Body):
    """A placement of a pendamping as a kind, by an SK.

    `valid_to` is the first day after it.
    """


class WilayahTugasPlace(WilayahTugasTerms, Body):
    """An area of a placement, within its range. `valid_to` is the first day after it."""


class RangeEnd(Body):
    """The first day after the range, and the reason as a code."""

    valid_to: Day
    reason: Code


@penugasan.post("/penugasan", status_code=201)
@may(Permission.PENUGASAN_START, key_required=True)
async def place_pendamping(body: PenugasanStart, session: Session, actor: CurrentActor) -> PenugasanView:
    """Place a pendamping as a kind for a range of days."""
    return await start_penugasan(session, actor, body)


@penugasan.post("/penugasan/{penugasan_id}/end", status_code=201)
@may(Permission.PENUGASAN_END, key_required=True)
async def end_placement(
    penugasan_id: UUID, body: RangeEnd, session: Session, actor: CurrentActor
) -> PenugasanView:
    """End a placement and its areas."""
    return await end_penugasan(session, actor, penugasan_id, **dict(body))


@wilayah.post("/wilayah-tugas", status_code=201)
@may(Permission.WILAYAH_TUGAS_PLACE, key_required=True)
async def cover_wilayah(body: WilayahTugasPlace, session: Session, actor: CurrentActor) -> WilayahTugasView:
    """Add an area to a placement."""
    return await place_wilayah_tugas(session, actor, body)


@wilayah.post("/wilayah-tugas/{wilayah_tugas_id}/end", status_code=201)
@may(Permission.WILAYAH_TUGAS_END, key_required=True)
async def end_cover(
    wilayah_tugas_id: UUID, body: RangeEnd, session: Session, actor: CurrentActor
) -> WilayahTugasView:
    """End an area of a placement."""
    return await end_wilayah_tugas(session, actor, wilayah_tugas_id, **dict(body))
