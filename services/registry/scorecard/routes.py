from datetime import date
from uuid import UUID

from pydantic import BaseModel, Field

from services.registry.framework.routes import Words, YearAsked
from services.registry.scorecard import queries
from shared.access import Permission
from shared.contracts.kinds import ExitReason, LimitSide, PilarKind
from shared.http import CurrentActor, Router, Session, may
from shared.http.numbers import MAX_BODY, NumbersAsked, NumbersView, numbers_of


class ReasonCount(BaseModel):
    """Credits of one exit reason."""

    exit_reason: ExitReason
    granted: int
    reversed: int
    net: int


class KindScore(BaseModel):
    """The target of a kind by days in service beside its net credits; number and words are empty where none is set."""

    kind: PilarKind
    days_in_service: int
    target: int
    target_number: int | None
    explanation: Words | None
    net: int


class PlacementScore(BaseModel):
    """What one placement shows: net credits, visits and sessions of the year, families accompanied today."""

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
    """Families that weigh today, whether caseload warned that they are too many, and the limit that it named last."""

    weighing: int
    warned: bool
    limit: int | None


class LimitCrossingView(BaseModel):
    """A day on which a caseload passed its limit, up (ABOVE) or down (BELOW)."""

    penugasan_id: UUID
    on: date
    count: int
    limit: int
    side: LimitSide


class OutcomeCount(BaseModel):
    """Graduations of one exit reason whose SK lies in the year; an annulled one is effective no more."""

    exit_reason: ExitReason
    determined: int
    effective: int
    annulled: int


class SurvivalCount(BaseModel):
    """Graduates seen in a month after the exit, and those still standing on their own feet."""

    seen: int
    still_out: int


class FunnelView(BaseModel):
    """Graduated families on their way through referral: each step holds those who came at least so far."""

    opened: int
    sent: int
    answered: int
    accepted: int
    delivered: int


class OfferCounts(BaseModel):
    """Offers to partners: how many have them, answered, accepted, refused and why, delivered, were taken back."""

    sent: int
    answered: int
    accepted: int
    delivered: int
    refused: int
    refused_by_reason: dict[str, int]
    withdrawn: int


class ScorecardView(BaseModel):
    """A year of a pendamping; `target` is empty where none of the kinds held has one."""

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
    p2k2_attendance: float | None = Field(description="Share of those invited that came, 0 to 1")
    graduasi: list[OutcomeCount]
    survival: dict[int, SurvivalCount] = Field(description="By month after the exit")
    relapsed: int
    funnel: FunnelView
    offers: OfferCounts
    penugasan: list[PlacementScore]


router = Router(tag="scorecard")


@router.get("/pendamping/{pendamping_id}/scorecard")
@may(Permission.SCORECARD_READ)
async def read_scorecard(
    pendamping_id: UUID, year: YearAsked, session: Session, actor: CurrentActor
) -> ScorecardView:
    """Show a year of a pendamping: net credits against the target, load and visits."""
    return ScorecardView(**await queries.read_scorecard(session, actor, pendamping_id, year))


@router.post("/numbers")
@may(Permission.NUMBERS_READ, max_body=MAX_BODY)
async def count_numbers(body: NumbersAsked, session: Session, actor: CurrentActor) -> NumbersView:
    """Count credits granted, reversed and net: for the families, and of the pendamping."""
    found = await queries.read_numbers(session, actor, body.kpm_ids, body.pendamping_ids)
    return numbers_of("registry", ["granted", "reversed", "net"], found)
