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
    """By which SK somebody serves as what, from when; `valid_to` is the first day outside."""


class WilayahTugasPlace(WilayahTugasTerms, Body):
    """Which area a placement covers, within its time; `valid_to` is the first day outside."""


class RangeEnd(Body):
    """The first day outside, and why, as a code."""

    valid_to: Day
    reason: Code


@penugasan.post("/penugasan", status_code=201)
@may(Permission.PENUGASAN_START, key_required=True)
async def place_pendamping(body: PenugasanStart, session: Session, actor: CurrentActor) -> PenugasanView:
    """Place a pendamping as a kind for a time."""
    return await start_penugasan(session, actor, body)


@penugasan.post("/penugasan/{penugasan_id}/end", status_code=201)
@may(Permission.PENUGASAN_END, key_required=True)
async def end_placement(
    penugasan_id: UUID, body: RangeEnd, session: Session, actor: CurrentActor
) -> PenugasanView:
    """End a placement and the cover of its areas."""
    return await end_penugasan(session, actor, penugasan_id, **dict(body))


@wilayah.post("/wilayah-tugas", status_code=201)
@may(Permission.WILAYAH_TUGAS_PLACE, key_required=True)
async def cover_wilayah(body: WilayahTugasPlace, session: Session, actor: CurrentActor) -> WilayahTugasView:
    """Let a placement cover an area."""
    return await place_wilayah_tugas(session, actor, body)


@wilayah.post("/wilayah-tugas/{wilayah_tugas_id}/end", status_code=201)
@may(Permission.WILAYAH_TUGAS_END, key_required=True)
async def end_cover(
    wilayah_tugas_id: UUID, body: RangeEnd, session: Session, actor: CurrentActor
) -> WilayahTugasView:
    """End the cover of an area."""
    return await end_wilayah_tugas(session, actor, wilayah_tugas_id, **dict(body))
