"""Rujukan, their offers, history and attempts, as each actor may see them."""

from datetime import date, datetime
from uuid import UUID

from starlette.responses import Response

from services.referral import visibility
from services.referral.notice.models import Notice
from services.referral.offer.routes import ReasonView
from services.referral.outcome import queries as outcome_queries
from services.referral.outcome.routes.outcomes import OutcomeItem
from services.referral.place import queries as place_queries
from services.referral.place.routes import PlaceInLine
from services.referral.rujukan import queries
from services.referral.rujukan.models import (
    ENDED,
    Rujukan,
    RujukanProgram,
    RujukanProgramHistory,
    RujukanState,
)
from services.referral.sending.models import Attempt
from services.referral.visibility import require_official
from shared import clock
from shared.access import Actor, Permission, Scope
from shared.contracts.kinds import Bansos, ExitReason, RefusalCode, RujukanProgramState, RujukanPurpose
from shared.fields import View
from shared.http import CurrentActor, Paging, Router, Session, may

rujukan = Router(tag="rujukan")
rujukan_programs = Router(tag="rujukan-program")


class RujukanProgramItem(View):
    """One offer of one program. A partner is not shown the family's ids."""

    rujukan_program_id: UUID
    rujukan_id: UUID
    program_id: UUID
    partner_id: UUID
    program_code: str
    benefit_kinds: list[str]
    kode_wilayah: str
    state: RujukanProgramState
    sent_on: date | None
    sla_due_on: date | None
    refusal_code: RefusalCode | None
    amount_rp: int | None
    delivered_on: date | None
    withdrawn_on: date | None
    version: int
    kpm_id: UUID | None = None
    graduasi_id: UUID | None = None


class RujukanProgramView(RujukanProgramItem):
    """One offer with the reasons of its matching (for officials alone) and its outcomes; overdue: past the SLA."""

    reasons: list[ReasonView]
    outcomes: list[OutcomeItem]
    overdue: bool
    waiting: PlaceInLine | None = None


class HistoryItem(View):
    """One change of state."""

    history_id: UUID
    from_state: str | None
    to_state: RujukanProgramState
    on: date
    by: str
    reason: str
    recorded_at: datetime


class HistoryPage(View):
    """A page of changes, oldest first."""

    items: list[HistoryItem]
    next: str | None


class AttemptItem(View):
    """One try to tell the partner: which fields it carried, and what came of it.

    The fault SealBroken: what was to be said cannot be read here; nobody was called, and the operator must see to it.
    """

    attempt_id: UUID
    notice: Notice
    fields: list[str]
    http_status: int | None
    fault: str | None
    milliseconds: int
    recorded_at: datetime


class AttemptPage(View):
    """A page of tries, oldest first."""

    items: list[AttemptItem]
    next: str | None


class RujukanItem(View):
    """A graduate's case with referral."""

    rujukan_id: UUID
    graduasi_id: UUID
    kpm_id: UUID
    kode_wilayah: str
    purpose: RujukanPurpose
    bansos: Bansos
    exit_reason: ExitReason
    state: RujukanState
    paused: bool
    matched: bool
    sk_no: str
    sk_on: date
    certificate_no: str | None
    effective_on: date | None
    offers_sha256: str | None
    opened_on: date
    version: int


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
    return RujukanView(**RujukanItem.model_validate(row).model_dump(), programs=programs)


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
    names = shown_to(actor)
    outcomes = [
        OutcomeItem.model_validate(found)
        for found in await outcome_queries.outcomes_of(session, row.rujukan_program_id)
    ]
    line = (
        None
        if actor.scope is Scope.PARTNER
        else await place_queries.place_in_line(session, row.rujukan_program_id)
    )
    waits = row.state not in ENDED and row.delivered_on is None
    return RujukanProgramView(
        **RujukanProgramItem.model_validate(row).model_dump(include=set(names)),
        reasons=[]
        if actor.scope is Scope.PARTNER
        else [ReasonView.model_validate(reason) for reason in row.reasons],
        outcomes=outcomes,
        waiting=PlaceInLine(**line) if line else None,
        overdue=waits and row.sla_due_on is not None and row.sla_due_on < await clock.today(session),
    )
