"""Live coverage of an area, and stored coverage counts."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from services.registry.coverage import queries
from services.registry.coverage.commands import request_count
from services.registry.coverage.models import AreaCounts
from services.registry.framework.routes import YearQuery
from shared.access import Permission
from shared.contracts.kinds import Bansos
from shared.fields import Day, JobAccepted, Wilayah
from shared.http import CurrentActor, Router, Session, may
from shared.remedies import nothing

router = Router(tag="coverage")
COUNTED_AGAIN = nothing(
    "A count changes no data of a family. The last finished count of a day is shown.",
    "Penghitungan tidak mengubah data keluarga. Yang ditampilkan adalah hasil terakhir pada hari itu.",
)


class AreaCountsView(AreaCounts):
    """Numbers of families, and the share of those to accompany that have a PKH pendamping."""

    share: float | None = Field(
        description="0 to 1; empty where no family is to be accompanied", examples=[0.9825]
    )


class AreaCoverage(AreaCountsView):
    """Coverage of one area."""

    kode_wilayah: str = Field(examples=["33.24.09.2011"])


class KepesertaanCounts(BaseModel):
    """Memberships in one bansos that started and ended in the year.

    An end that lies ahead, is held by an objection or was undone does not count.
    """

    bansos: Bansos
    started: int
    ended: int
    ended_by_reason: dict[str, int]


class CoverageView(AreaCoverage):
    """Coverage of an area and of the areas one level below, and the year's memberships."""

    year: int
    areas: list[AreaCoverage]
    kepesertaan: list[KepesertaanCounts]


class CountAccepted(JobAccepted):
    """A count that a job runs. Follow the job at `job`."""

    count_id: UUID
    counted_on: date


class CountView(AreaCountsView):
    """A finished count of an area and of the areas one level below.

    Without `kode_wilayah` it is the whole country.
    """

    counted_on: date
    finished_at: datetime
    kode_wilayah: str | None = Field(examples=["33"])
    areas: list[AreaCoverage]


@router.get("/coverage")
@may(Permission.COVERAGE_READ)
async def read_coverage(
    kode_wilayah: Annotated[Wilayah, Query(description="A kabupaten or kota, or a part of one")],
    year: YearQuery,
    session: Session,
    actor: CurrentActor,
) -> CoverageView:
    """Show how many families of an area have a pendamping today."""
    return CoverageView(**await queries.read_coverage(session, actor, kode_wilayah, year))


@router.post("/coverage-count", status_code=202)
@may(Permission.COVERAGE_COUNT, key_required=True, undo=COUNTED_AGAIN)
async def count_coverage(session: Session, actor: CurrentActor, response: Response) -> CountAccepted:
    """Start a count of the whole country. Earlier counts are not changed."""
    count, job_id = await request_count(session, actor)
    response.headers["Location"] = location = f"/v1/jobs/{job_id}"
    return CountAccepted(count_id=count.count_id, counted_on=count.counted_on, job_id=job_id, job=location)


@router.get("/coverage-count")
@may(Permission.COVERAGE_READ)
async def read_count(
    session: Session,
    actor: CurrentActor,
    on: Annotated[
        Day | None, Query(description="The last count on or before this day; today if not given")
    ] = None,
    kode_wilayah: Annotated[
        Wilayah | None, Query(description="A province, kabupaten, kota or kecamatan; without it, the country")
    ] = None,
) -> CountView:
    """Show the last finished count on or before a day, by area."""
    return CountView(**await queries.read_count(session, actor, on, kode_wilayah))
