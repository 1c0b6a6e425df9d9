from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, Field, StringConstraints

from services.registry.framework.commands import set_target
from services.registry.framework.queries import read_framework
from shared.access import Permission
from shared.contracts.kinds import PendampingStatus, PilarKind
from shared.fields import KNOWN, Body
from shared.http import CurrentActor, Router, Session, may


class Words(BaseModel):
    """How a figure comes about, in English and Indonesian."""

    en: str
    id: str


EARLIEST_YEAR, LATEST_YEAR = 2000, 2200
Year = Annotated[int, Field(strict=True, ge=EARLIEST_YEAR, le=LATEST_YEAR, examples=[2026])]
YearAsked = Annotated[int, Query(ge=EARLIEST_YEAR, le=LATEST_YEAR, examples=[2026])]
CountedStatus = Literal["CALON", "AKTIF", "CUTI", "NONAKTIF"]
"""In which a placement may run; the ends close it."""
target = Router(tag="target")


class TargetSetting(Body):
    """What a person of a kind is to graduate in a full year, and which text says so."""

    year: Year
    kind: Annotated[PilarKind, KNOWN] = Field(examples=["PKH_PENDAMPING"])
    per_person: int = Field(strict=True, ge=0, le=10_000, examples=[10])
    counted: list[CountedStatus] = Field(
        default=["AKTIF"],
        min_length=1,
        max_length=4,
        description="A day of a placement counts where the status is one of these",
        examples=[["AKTIF", "CUTI"]],
    )
    basis: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)] = Field(
        examples=["Kerangka kerja 2026"]
    )


class TargetView(BaseModel):
    """A target that holds; `number` counts how often it was set."""

    target_id: UUID
    year: int
    kind: PilarKind
    number: int
    per_person: int
    counted: list[PendampingStatus]
    basis: str


class TargetSum(TargetView):
    """A target with its sum over everybody in service that year; `sum` = `exact` + `rounding_difference`, in families."""

    people: int
    person_days: int
    days_of_year: int
    exact: float
    sum: int
    rounding_difference: float
    explanation: Words


class TargetList(BaseModel):
    """The framework of a year: what holds for each kind that has a target, and what all come to together."""

    year: int
    sum: int
    items: list[TargetSum]


@target.post("/target", status_code=201)
@may(Permission.FRAMEWORK_SET, key_required=True)
async def set_year_target(body: TargetSetting, session: Session, actor: CurrentActor) -> TargetView:
    """Set the target of a kind for a year; the earlier one is kept and no longer holds."""
    return TargetView.model_validate(await set_target(session, actor, **dict(body)), from_attributes=True)


@target.get("/target")
@may(Permission.SCORECARD_READ)
async def list_target(year: YearAsked, session: Session) -> TargetList:
    """List what holds for a year, with the national sums."""
    return TargetList.model_validate(await read_framework(session, year))
