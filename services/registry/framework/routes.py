from typing import Annotated

from fastapi import Query
from pydantic import BaseModel

from services.registry.framework.commands import set_target
from services.registry.framework.models import EARLIEST_YEAR, LATEST_YEAR, TargetTerms, TargetView
from services.registry.framework.queries import read_framework
from shared.access import Permission
from shared.fields import Body
from shared.http import CurrentActor, Router, Session, may


class Words(BaseModel):
    """How a figure comes about, in English and Indonesian."""

    en: str
    id: str


YearAsked = Annotated[int, Query(ge=EARLIEST_YEAR, le=LATEST_YEAR, examples=[2026])]
target = Router(tag="target")


class TargetSetting(TargetTerms, Body):
    """What a person of a kind is to graduate in a full year, and which text says so."""


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
    return await set_target(session, actor, body)


@target.get("/target")
@may(Permission.SCORECARD_READ)
async def list_target(year: YearAsked, session: Session) -> TargetList:
    """List what holds for a year, with the national sums."""
    return TargetList.model_validate(await read_framework(session, year))
