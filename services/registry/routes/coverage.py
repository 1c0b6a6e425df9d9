"""How an area is covered."""

from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, Field

from services.registry.queries.coverage import read_coverage
from services.registry.routes.scorecard import YearAsked
from shared.access import Permission
from shared.contracts.kinds import Bansos
from shared.http import Caller, Router, Session, may
from shared.http.fields import Wilayah

router = Router(tag="coverage")


class AreaCoverage(BaseModel):
    """Families of an area: known, accompanied today, and in a bansos today without a pendamping."""

    kode_wilayah: str = Field(examples=["33.24.09.2011"])
    families: int
    accompanied: int
    unaccompanied: int


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


@router.get("/coverage")
@may(Permission.SCORECARD_READ)
async def show_coverage(
    kode_wilayah: Annotated[Wilayah, Query(description="A kabupaten or kota, or a part of one")],
    year: YearAsked,
    session: Session,
    caller: Caller,
) -> CoverageView:
    """Show how many families of an area have a pendamping, as caseload last told."""
    return CoverageView(**await read_coverage(session, caller, kode_wilayah, year))
