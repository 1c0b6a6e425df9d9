from datetime import date
from uuid import UUID

from pydantic import BaseModel, Field

from services.registry.framework.routes import YearQuery
from services.registry.scorecard import queries
from shared.access import Permission
from shared.contracts.kinds import ExitReason, LimitSide, PilarKind
from shared.fields import Sentences
from shared.http import CurrentActor, Router, Session, may
from shared.http.numbers import MAX_BODY, NumbersAsked, NumbersView, numbers_of
from shared.remedies import CHANGES_NOTHING


class ReasonCount(BaseModel):
    """Credits of one exit reason."""

    exit_reason: ExitReason
    granted: int
    reversed: int
    net: int


class KindScore(BaseModel):
    """Days in service, pro-rated target and net credits of a kind.

    Number and explanation are empty if the kind has no target.
    """

    kind: PilarKind
    days_in_service: int
    target: int
    target_number: int | None
    explanation: Sentences | None
    net: int


class PlacementScore(BaseModel):
    """A placement's net credits and activity in the year, and its load today."""

    penugasan_id: UUID
    kind: PilarKind
    valid_from: date
    valid_to: date | None
    days_in_service: int
    net: int
    load_now: int
    visits: int
    p2k2_held: int
    p2k2_invited: int
    p2k2_attended: int
    limit: int | None
    limit_side: LimitSide | None


class LoadView(BaseModel):
    """Families that count towards the caseload limit today.

    `warned` is true if the last crossing was upwards. `limit` is the limit of the last crossing.
    """

    weighing: int
    warned: bool
    limit: int | None


class LimitCrossingView(BaseModel):
    """A day on which a placement crossed its caseload limit, upwards (ABOVE) or downwards (BELOW)."""

    penugasan_id: UUID
    on: date
    count: int
    limit: int
    side: LimitSide


class OutcomeCount(BaseModel):
    """Graduations of one exit reason whose SK is from the year.

    An annulled graduation does not count as effective.
    """

    exit_reason: ExitReason
    determined: int
    effective: int
    annulled: int


class SurvivalCount(BaseModel):
    """Families monitored in a month after the exit, and those still out of the bansos."""

    month: int
    seen: int
    still_out: int


class FunnelView(BaseModel):
    """Graduated families by step of referral. Each step includes the families of later steps."""

    opened: int
    sent: int
    answered: int
    accepted: int
    delivered: int


class OfferCounts(BaseModel):
    """Numbers of offers to partners by progress, and of refusals by reason."""

    sent: int
    answered: int
    accepted: int
    delivered: int
    refused: int
    refused_by_reason: dict[str, int]
    withdrawn: int


class ScorecardView(BaseModel):
    """A year of a pendamping.

    `target` is empty if none of its kinds has a target.
    """

    pendamping_id: UUID
    pendamping_no: str
    year: int
    target: int | None
    granted: int
    reversed: int
    net: int
    by_exit_reason: list[ReasonCount]
    by_kind: list[KindScore]
    load_now: int
    load: LoadView
    limit_crossings: list[LimitCrossingView]
    visits: int
    p2k2_held: int
    p2k2_attendance: float | None = Field(description="Share of those invited that attended, 0 to 1")
    graduasi: list[OutcomeCount]
    survival: list[SurvivalCount]
    relapsed: int
    funnel: FunnelView
    offers: OfferCounts
    penugasan: list[PlacementScore]


router = Router(tag="scorecard")


@router.get("/pendamping/{pendamping_id}/scorecard")
@may(Permission.SCORECARD_READ)
async def read_scorecard(
    pendamping_id: UUID, year: YearQuery, session: Session, actor: CurrentActor
) -> ScorecardView:
    """Show a year of a pendamping: net credits against the target, load, visits and outcomes."""
    return ScorecardView(**await queries.read_scorecard(session, actor, pendamping_id, year))


@router.post("/numbers")
@may(Permission.NUMBERS_READ, max_body=MAX_BODY, personal=True, undo=CHANGES_NOTHING)
async def count_numbers(body: NumbersAsked, session: Session, actor: CurrentActor) -> NumbersView:
    """Count credits granted, reversed and net, filtered by families and by pendamping."""
    numbers = await queries.read_numbers(session, actor, body.kpm_ids, body.pendamping_ids)
    return numbers_of("registry", ["granted", "reversed", "net"], numbers)
