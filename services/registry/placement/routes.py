from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints

from services.registry.placement.commands import (
    end_penugasan,
    end_wilayah_tugas,
    place_wilayah_tugas,
    start_penugasan,
)
from shared.access import Permission
from shared.contracts.kinds import Ditjen, EmployerStatus, PilarKind
from shared.fields import KNOWN, Body, Code, Day, Wilayah
from shared.http import CurrentActor, Router, Session, may


class WilayahTugasView(BaseModel):
    """An area that a placement covers; `valid_to` is the first day outside."""

    wilayah_tugas_id: UUID
    penugasan_id: UUID
    pendamping_id: UUID
    kode_wilayah: str
    valid_from: date
    valid_to: date | None
    version: int


class PenugasanView(BaseModel):
    """A placement; `valid_to` is the first day outside."""

    penugasan_id: UUID
    pendamping_id: UUID
    kind: PilarKind
    ditjen: Ditjen
    employer_status: EmployerStatus
    sk_no: str
    sk_on: date
    supervisor_id: UUID | None
    valid_from: date
    valid_to: date | None
    version: int


penugasan = Router(tag="penugasan")
wilayah = Router(tag="wilayah-tugas")


class PenugasanStart(Body):
    """By which SK somebody serves as what, from when; `valid_to` is the first day outside."""

    pendamping_id: UUID
    kind: Annotated[PilarKind, KNOWN] = Field(examples=["PKH_PENDAMPING"])
    ditjen: Annotated[Ditjen, KNOWN] = Field(examples=["LINJAMSOS"])
    employer_status: Annotated[EmployerStatus, KNOWN] = Field(examples=["PPPK"])
    sk_no: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)] = Field(
        examples=["1/SK/2025"]
    )
    sk_on: Day
    valid_from: Day
    valid_to: Day | None = None
    supervisor_id: UUID | None = None


class WilayahTugasPlace(Body):
    """Which area a placement covers, within its time; `valid_to` is the first day outside."""

    penugasan_id: UUID
    kode_wilayah: Wilayah
    valid_from: Day
    valid_to: Day | None = None


class RangeEnd(Body):
    """The first day outside, and why, as a code."""

    valid_to: Day
    reason: Code


@penugasan.post("/penugasan", status_code=201)
@may(Permission.PENUGASAN_START, key_required=True)
async def place_pendamping(body: PenugasanStart, session: Session, actor: CurrentActor) -> PenugasanView:
    """Place a pendamping as a kind for a time."""
    row = await start_penugasan(session, actor, **dict(body))
    return PenugasanView.model_validate(row, from_attributes=True)


@penugasan.post("/penugasan/{penugasan_id}/end", status_code=201)
@may(Permission.PENUGASAN_END, key_required=True)
async def end_placement(
    penugasan_id: UUID, body: RangeEnd, session: Session, actor: CurrentActor
) -> PenugasanView:
    """End a placement and the cover of its areas."""
    row = await end_penugasan(session, actor, penugasan_id, **dict(body))
    return PenugasanView.model_validate(row, from_attributes=True)


@wilayah.post("/wilayah-tugas", status_code=201)
@may(Permission.WILAYAH_TUGAS_PLACE, key_required=True)
async def cover_wilayah(body: WilayahTugasPlace, session: Session, actor: CurrentActor) -> WilayahTugasView:
    """Let a placement cover an area."""
    row = await place_wilayah_tugas(session, actor, **dict(body))
    return WilayahTugasView.model_validate(row, from_attributes=True)


@wilayah.post("/wilayah-tugas/{wilayah_tugas_id}/end", status_code=201)
@may(Permission.WILAYAH_TUGAS_END, key_required=True)
async def end_cover(
    wilayah_tugas_id: UUID, body: RangeEnd, session: Session, actor: CurrentActor
) -> WilayahTugasView:
    """End the cover of an area."""
    row = await end_wilayah_tugas(session, actor, wilayah_tugas_id, **dict(body))
    return WilayahTugasView.model_validate(row, from_attributes=True)
