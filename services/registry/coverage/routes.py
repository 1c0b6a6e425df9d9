"""How an area is covered."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from services.registry.coverage import queries
from services.registry.coverage.commands import request_count
from services.registry.coverage.models import Counted
from services.registry.framework.routes import YearAsked
from shared.access import Permission
from shared.contracts.kinds import Bansos
from shared.fields import Day, Wilayah
from shared.http import CurrentActor, Router, Session, may

router = Router(tag="coverage")


class Covered(Counted):
    """Families known, with a pendamping, in a bansos, in one without a pendamping; `share`: of those in one, with."""

    share: float | None = Field(description="0 to 1; empty where nobody is in a bansos", examples=[0.9825])


class AreaCoverage(Covered):
    """The families of an area."""

    kode_wilayah: str = Field(examples=["33.24.09.2011"])


class KepesertaanCounts(BaseModel):
    """Memberships in a bansos that began and ended in the year; a restored one has not ended."""

    bansos: Bansos
    started: int
    ended: int
    ended_by_reason: dict[str, int]


class CoverageView(AreaCoverage):
    """An area, what lies one level below it, and the memberships of a year."""

    year: int
    areas: list[AreaCoverage]
    kepesertaan: list[KepesertaanCounts]


class CountAsked(BaseModel):
    """A count that a job makes: follow it at `job`; it is shown when it is finished."""

    count_id: UUID
    counted_on: date
    job_id: UUID
    job: str = Field(examples=["/v1/jobs/019a0000-0000-7000-8000-000000000000"])


class CountView(Covered):
    """The country (without a code) or an area as counted on a day, and what lies one level below it."""

    counted_on: date
    finished_at: datetime
    kode_wilayah: str | None = Field(examples=["33"])
    areas: list[AreaCoverage]


@router.get("/coverage")
@may(Permission.SCORECARD_READ)
async def read_coverage(
    kode_wilayah: Annotated[Wilayah, Query(description="A kabupaten or kota, or a part of one")],
    year: YearAsked,
    session: Session,
    actor: CurrentActor,
) -> CoverageView:
    """Show how many families of an area have a pendamping, as caseload last told."""
    return CoverageView(**await queries.read_coverage(session, actor, kode_wilayah, year))


@router.post("/coverage-count", status_code=202)
@may(Permission.COVERAGE_COUNT, key_required=True)
async def count_coverage(session: Session, actor: CurrentActor, response: Response) -> CountAsked:
    """Let the whole country be counted as it stands today; earlier counts stay."""
    count, job_id = await request_count(session, actor)
    response.headers["Location"] = where = f"/v1/jobs/{job_id}"
    return CountAsked(count_id=count.count_id, counted_on=count.counted_on, job_id=job_id, job=where)


@router.get("/coverage-count")
@may(Permission.SCORECARD_READ)
async def read_count(
    session: Session,
    actor: CurrentActor,
    on: Annotated[
        Day | None, Query(description="The last count on or before this day; today unless said")
    ] = None,
    kode_wilayah: Annotated[
        Wilayah | None, Query(description="A province, kabupaten, kota or kecamatan; without it, the country")
    ] = None,
) -> CountView:
    """Show how many families have a pendamping, by area, as counted on a day."""
    return CountView(**await queries.read_count(session, actor, on, kode_wilayah))
