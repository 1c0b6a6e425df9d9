from typing import Annotated

from fastapi import Query
from pydantic import BaseModel

from services.registry.framework.commands import set_target
from services.registry.framework.models import EARLIEST_YEAR, LATEST_YEAR, TargetTerms, TargetView
from services.registry.framework.queries import read_framework
from shared.access import Permission
from shared.fields import Body, Sentences
from shared.http import CurrentActor, Router, Session, may
from shared.remedies import CORRECT_REQUEST

YearQuery = Annotated[int, Query(ge=EARLIEST_YEAR, le=LATEST_YEAR, examples=[2026])]
target = Router(tag="target")


class TargetSetting(TargetTerms, Body):
    """The families that a person of a kind must graduate in a full year."""


class TargetSum(TargetView):
    """A target with its sum over all persons in service that year, in families.

    `sum` = `exact` + `rounding_difference`.
    """

    people: int
    person_days: int
    days_of_year: int
    exact: float
    sum: int
    rounding_difference: float
    explanation: Sentences


class TargetList(BaseModel):
    """The current targets of a year, and their sum in families."""

    year: int
    sum: int
    items: list[TargetSum]


@target.post("/target", status_code=201)
@may(Permission.FRAMEWORK_SET, key_required=True, undo=CORRECT_REQUEST)
async def set_year_target(body: TargetSetting, session: Session, actor: CurrentActor) -> TargetView:
    """Set the target of a kind for a year.

    The earlier version is stored and no longer applies.
    """
    return await set_target(session, actor, body)


@target.get("/target")
@may(Permission.COVERAGE_READ)
async def list_target(year: YearQuery, session: Session) -> TargetList:
    """List the current targets of a year, with the national sums."""
    return TargetList.model_validate(await read_framework(session, year))
