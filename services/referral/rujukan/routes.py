"""Rujukan, their offers, history and attempts, as each actor may see them."""

from uuid import UUID

from starlette.responses import Response

from services.referral import visibility
from services.referral.follow_up.models import OutcomeItem
from services.referral.offer.routes import ReasonView
from services.referral.outcome import queries as outcome_queries
from services.referral.place import queries as place_queries
from services.referral.place.routes import PlaceInLine
from services.referral.rujukan import queries
from services.referral.rujukan.models import (
    ENDED,
    HistoryItem,
    Rujukan,
    RujukanItem,
    RujukanProgram,
    RujukanProgramHistory,
    RujukanProgramItem,
)
from services.referral.sending.models import Attempt, AttemptItem
from services.referral.visibility import require_official
from shared import clock
from shared.access import Actor, Permission, Scope
from shared.fields import View
from shared.http import CurrentActor, Paging, Router, Session, may

rujukan = Router(tag="rujukan")
rujukan_programs = Router(tag="rujukan-program")


class RujukanProgramView(RujukanProgramItem):
    """One offer with the reasons of its matching (for officials alone) and its outcomes; overdue: past the SLA."""

    reasons: list[ReasonView]
    outcomes: list[OutcomeItem]
    overdue: bool
    waiting: PlaceInLine | None = None


class HistoryPage(View):
    """A page of changes, oldest first."""

    items: list[HistoryItem]
    next: str | None


class AttemptPage(View):
    """A page of tries, oldest first."""

    items: list[AttemptItem]
    next: str | None


class RujukanView(RujukanItem):
    """A case with all its offers."""

    programs: list[RujukanProgramItem]


@rujukan.get("/rujukan/{rujukan_id}")
@may(Permission.RUJUKAN_READ)
async def read_rujukan(rujukan_id: UUID, session: Session, actor: CurrentActor) -> RujukanView:
    """Read a case with its offers."""
    require_official(actor)
    row = await visibility.read(session, Rujukan, rujukan_id, "rujukan")
    programs = [
        RujukanProgramItem.model_validate(found) for found in await queries.programs_of(session, rujukan_id)
    ]
    return RujukanView(**dict(row), programs=programs)


@rujukan_programs.get("/rujukan-program/{rujukan_program_id}")
@may(Permission.RUJUKAN_READ)
async def read_rujukan_program(
    rujukan_program_id: UUID, session: Session, actor: CurrentActor
) -> RujukanProgramView:
    """Read one offer."""
    row = await visibility.read(session, RujukanProgram, rujukan_program_id, "rujukan")
    return await rujukan_program_view(session, row, actor)


@rujukan_programs.get("/rujukan-program/{rujukan_program_id}/history", response_model=HistoryPage)
@may(Permission.RUJUKAN_READ)
async def list_rujukan_program_history(
    rujukan_program_id: UUID, session: Session, actor: CurrentActor, paging: Paging
) -> Response:
    """List the changes of one offer with who, when and why."""
    require_official(actor)
    await visibility.read(session, RujukanProgram, rujukan_program_id, "rujukan")
    statement = visibility.columns_of(RujukanProgramHistory, list(HistoryItem.model_fields))
    mine = statement.where(RujukanProgramHistory.rujukan_program_id == rujukan_program_id)
    return await paging.answer(session, mine, queries.HISTORY_ORDER)


@rujukan_programs.get("/rujukan-program/{rujukan_program_id}/attempt", response_model=AttemptPage)
@may(Permission.RUJUKAN_READ)
async def list_attempts(
    rujukan_program_id: UUID, session: Session, actor: CurrentActor, paging: Paging
) -> Response:
    """List the tries to tell the partner: the record of what was shared, by the names of the fields."""
    require_official(actor)
    await visibility.read(session, RujukanProgram, rujukan_program_id, "rujukan")
    statement = visibility.columns_of(Attempt, list(AttemptItem.model_fields))
    mine = statement.where(Attempt.rujukan_program_id == rujukan_program_id)
    return await paging.answer(session, mine, queries.ATTEMPT_ORDER)


def shown_to(actor: Actor) -> list[str]:
    """Return the columns that a caller may see in a list."""
    hidden = {"kpm_id", "graduasi_id"} if actor.scope is Scope.PARTNER else set[str]()
    return [name for name in RujukanProgramItem.model_fields if name not in hidden]


async def rujukan_program_view(session: Session, row: RujukanProgram, actor: Actor) -> RujukanProgramView:
    """Show one offer as the caller may see it."""
    is_partner = actor.scope is Scope.PARTNER
    line = None if is_partner else await place_queries.place_in_line(session, row.rujukan_program_id)
    waits = row.state not in ENDED and row.delivered_on is None
    return RujukanProgramView.model_construct(
        **{name: getattr(row, name) for name in shown_to(actor)},
        reasons=[] if is_partner else [ReasonView.model_validate(reason) for reason in row.reasons],
        outcomes=await outcome_queries.outcomes_of(session, row.rujukan_program_id),
        waiting=PlaceInLine(**line) if line else None,
        overdue=waits and row.sla_due_on is not None and row.sla_due_on < await clock.today(session),
    )
