from collections.abc import Iterator
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from pydantic import Field, StringConstraints
from starlette.responses import Response

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
from shared import wilayah
from shared.access import Permission
from shared.fields import ONE_LINE, Body, Code, RangeEnd, View, Wilayah
from shared.http import CurrentActor, Page, Paging, Router, Session, may, open_to_anybody
from shared.remedies import CORRECT_REQUEST, one_of, operation, to_call
from shared.roles import MINISTRY

penugasan = Router(tag="penugasan")
wilayah_tugas = Router(tag="wilayah-tugas")
areas = Router(tag="wilayah")
# A wrong kind: the placement ends on its first day, and another one is made.
CORRECTIONS = one_of(to_call("end_placement", MINISTRY), to_call("correct_placement", MINISTRY))


class PenugasanStart(PenugasanTerms, Body):
    """A placement of a pendamping as a kind, by an SK.

    `valid_to` is the first day after it.
    """


class AreaItem(View):
    """An area of Indonesia with its Kemendagri code (Kepmendagri 300.2.2-2138/2025).

    `level`: 1 province, 2 kabupaten or kota, 3 kecamatan, 4 desa or kelurahan. `parent` is the code of the area above.
    """

    code: str = Field(examples=["33.24.09.2011"])
    name: str = Field(examples=["Brangsong"])
    level: int = Field(examples=[4])
    parent: str | None = Field(examples=["33.24.09"])


class AreaPage(Page):
    """Areas in the order of their codes."""

    items: list[AreaItem]


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


@wilayah_tugas.post("/wilayah-tugas", status_code=201)
@may(Permission.WILAYAH_TUGAS_PLACE, key_required=True, undo=operation("end_cover", MINISTRY))
async def cover_wilayah(body: WilayahTugasPlace, session: Session, actor: CurrentActor) -> WilayahTugasView:
    """Add an area to a placement."""
    return await place_wilayah_tugas(session, actor, body)


@wilayah_tugas.post("/wilayah-tugas/{wilayah_tugas_id}/end", status_code=201)
@may(Permission.WILAYAH_TUGAS_END, key_required=True, undo=operation("restore_cover", MINISTRY))
async def end_cover(
    wilayah_tugas_id: UUID, body: RangeEnd, session: Session, actor: CurrentActor
) -> WilayahTugasView:
    """End an area of a placement.

    An area that was recorded in error ends on its first day.
    """
    return await end_wilayah_tugas(session, actor, wilayah_tugas_id, **dict(body))


@wilayah_tugas.post("/wilayah-tugas/{wilayah_tugas_id}/restoration", status_code=201)
@may(Permission.WILAYAH_TUGAS_END, key_required=True, undo=operation("end_cover", MINISTRY))
async def restore_cover(
    wilayah_tugas_id: UUID, body: Restoration, session: Session, actor: CurrentActor
) -> WilayahTugasView:
    """Undo the last end of an area that was recorded in error.

    The dampingan of families that nobody else accompanies since are restored too.
    """
    return await restore_wilayah_tugas(session, actor, wilayah_tugas_id, reason=body.reason)


@areas.get("/wilayah", response_model=AreaPage)
@open_to_anybody()
async def list_wilayah(
    paging: Paging,
    kode_wilayah: Annotated[Wilayah | None, Query(description="This area and the areas in it")] = None,
    level: Annotated[
        int | None, Query(ge=1, le=4, description="1 province, 2 kabupaten or kota, 3 kecamatan, 4 desa")
    ] = None,
    name: Annotated[
        Annotated[str, ONE_LINE, StringConstraints(min_length=2, max_length=60)] | None,
        Query(description="A part of the name, in any case"),
    ] = None,
) -> Response:
    """List the areas of Indonesia with their codes and names.

    The answer may be cached for a day.
    """

    def read(after: str) -> Iterator[dict[str, Any]]:
        for code in wilayah.search(kode_wilayah or "", name or "", level, after):
            yield {
                "code": code,
                "name": wilayah.name(code),
                "level": wilayah.level(code),
                "parent": wilayah.parent(code),
            }

    answer = paging.answer_sorted(read, "code")
    answer.headers["Cache-Control"] = "public, max-age=86400"
    return answer
