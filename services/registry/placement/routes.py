from uuid import UUID

from pydantic import Field

from services.registry.placement.commands.area import end_wilayah_tugas, place_wilayah_tugas
from services.registry.placement.commands.correction import correct_penugasan
from services.registry.placement.commands.penugasan import end_penugasan, start_penugasan
from services.registry.placement.commands.restoration import restore_penugasan, restore_wilayah_tugas
from services.registry.placement.models import (
    PenugasanCorrectionTerms,
    PenugasanTerms,
    PenugasanView,
    WilayahTugasTerms,
    WilayahTugasView,
)
from shared.access import Permission
from shared.fields import Body, Code, RangeEnd
from shared.http import CurrentActor, Router, Session, may
from shared.remedies import CORRECT_REQUEST, one_of, operation, to_call
from shared.roles import MINISTRY

penugasan = Router(tag="penugasan")
wilayah = Router(tag="wilayah-tugas")
# A wrong kind: the placement ends on its first day, and another one is made.
CORRECTIONS = one_of(to_call("end_placement", MINISTRY), to_call("correct_placement", MINISTRY))


class PenugasanStart(PenugasanTerms, Body):
    """A placement of a pendamping as a kind, by an SK.

    `valid_to` is the first day after it.
    """


class PlacementCorrection(PenugasanCorrectionTerms, Body):
    """Terms of a placement that were recorded wrongly, and the reason as a code.

    A field that is not given does not change. A supervisor of null removes the supervisor.
    """


class WilayahTugasPlace(WilayahTugasTerms, Body):
    """An area of a placement, within its range. `valid_to` is the first day after it."""


class Restoration(Body):
    """Why an end was recorded in error, as a code."""

    reason: Code = Field(examples=["SALAH_CATAT"])


@penugasan.post("/penugasan", status_code=201)
@may(Permission.PENUGASAN_START, key_required=True, undo=CORRECTIONS)
async def place_pendamping(body: PenugasanStart, session: Session, actor: CurrentActor) -> PenugasanView:
    """Place a pendamping as a kind for a range of days."""
    return await start_penugasan(session, actor, body)


@penugasan.post("/penugasan/{penugasan_id}/correction", status_code=201)
@may(Permission.PENUGASAN_START, key_required=True, undo=CORRECT_REQUEST)
async def correct_placement(
    penugasan_id: UUID, body: PlacementCorrection, session: Session, actor: CurrentActor
) -> PenugasanView:
    """Correct ditjen, employer status, SK, first day or supervisor of a placement.

    The earlier values are stored. Areas that began with the placement move with its first day.
    """
    return await correct_penugasan(session, actor, penugasan_id, body)


@penugasan.post("/penugasan/{penugasan_id}/end", status_code=201)
@may(Permission.PENUGASAN_END, key_required=True, undo=operation("restore_placement", MINISTRY))
async def end_placement(
    penugasan_id: UUID, body: RangeEnd, session: Session, actor: CurrentActor
) -> PenugasanView:
    """End a placement and its areas.

    A placement that was recorded in error ends on its first day.
    """
    return await end_penugasan(session, actor, penugasan_id, **dict(body))


@penugasan.post("/penugasan/{penugasan_id}/restoration", status_code=201)
@may(Permission.PENUGASAN_END, key_required=True, undo=operation("end_placement", MINISTRY))
async def restore_placement(
    penugasan_id: UUID, body: Restoration, session: Session, actor: CurrentActor
) -> PenugasanView:
    """Undo the last end of a placement that was recorded in error.

    Its areas are restored, and the dampingan of families that nobody else accompanies since.
    """
    return await restore_penugasan(session, actor, penugasan_id, reason=body.reason)


@wilayah.post("/wilayah-tugas", status_code=201)
@may(Permission.WILAYAH_TUGAS_PLACE, key_required=True, undo=operation("end_cover", MINISTRY))
async def cover_wilayah(body: WilayahTugasPlace, session: Session, actor: CurrentActor) -> WilayahTugasView:
    """Add an area to a placement."""
    return await place_wilayah_tugas(session, actor, body)


@wilayah.post("/wilayah-tugas/{wilayah_tugas_id}/end", status_code=201)
@may(Permission.WILAYAH_TUGAS_END, key_required=True, undo=operation("restore_cover", MINISTRY))
async def end_cover(
    wilayah_tugas_id: UUID, body: RangeEnd, session: Session, actor: CurrentActor
) -> WilayahTugasView:
    """End an area of a placement.

    An area that was recorded in error ends on its first day.
    """
    return await end_wilayah_tugas(session, actor, wilayah_tugas_id, **dict(body))


@wilayah.post("/wilayah-tugas/{wilayah_tugas_id}/restoration", status_code=201)
@may(Permission.WILAYAH_TUGAS_END, key_required=True, undo=operation("end_cover", MINISTRY))
async def restore_cover(
    wilayah_tugas_id: UUID, body: Restoration, session: Session, actor: CurrentActor
) -> WilayahTugasView:
    """Undo the last end of an area that was recorded in error.

    The dampingan of families that nobody else accompanies since are restored too.
    """
    return await restore_wilayah_tugas(session, actor, wilayah_tugas_id, reason=body.reason)
