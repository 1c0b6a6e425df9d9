from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field
from starlette.responses import Response

from services.referral import visibility
from services.referral.consent import commands
from services.referral.consent.models import ConsentChannel
from services.referral.notice.models import Notice
from services.referral.offer.routes import ReasonView
from services.referral.outcome import queries as outcome_queries
from services.referral.place import queries as place_queries
from services.referral.place.models import WaitingReason
from services.referral.rujukan.models import ENDED, RujukanProgram, RujukanProgramHistory
from services.referral.sending.models import Attempt
from services.referral.visibility import require_official
from services.referral.worklist import queries
from shared import clock
from shared.access import Actor, Permission, Scope
from shared.contracts.kinds import RefusalCode, RujukanProgramState
from shared.http import CurrentActor, Paging, Router, Session, may
from shared.http.fields import Body, Sentence, Sha256, View, Wilayah

rujukan_programs = Router(tag="rujukan-program")
ProgramState = StrEnum("ProgramState", {state.name: state.value for state in RujukanProgramState.known()})


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


class OutcomeItem(View):
    """What became of the aid; turnover in rupiah a month."""

    month: int
    still_in_business: bool
    omzet_rp: int | None
    recorded_on: date


class PlaceInLine(View):
    """Why and since when a consented offer waits, and how many of the caller's areas are before it."""

    reason: WaitingReason
    since_on: date
    ahead: int


class RujukanProgramView(RujukanProgramItem):
    """One offer with the reasons of its matching (for officials alone) and its outcomes; overdue: past the SLA."""

    reasons: list[ReasonView]
    outcomes: list[OutcomeItem]
    overdue: bool
    waiting: PlaceInLine | None = None


class RujukanProgramPage(View):
    """A page of offers."""

    items: list[RujukanProgramItem]
    next: str | None


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


class ConsentBody(Body):
    """The family's word, with the SHA-256 of its evidence (put before by POST /v1/files)."""

    text_version: Annotated[int, Field(strict=True, ge=1, le=10_000, examples=[1])]
    channel: ConsentChannel
    evidence_sha256: Sha256
    given_on: date = Field(examples=["2026-05-18"])


class WithdrawalBody(Body):
    """The family takes its word back."""

    withdrawn_on: date = Field(examples=["2026-06-02"])
    reason: Sentence


@rujukan_programs.get("/rujukan-program", response_model=RujukanProgramPage)
@may(Permission.RUJUKAN_READ)
async def list_rujukan_programs(
    session: Session,
    actor: CurrentActor,
    paging: Paging,
    kpm_id: UUID | None = None,
    state: ProgramState | None = None,  # pyright: ignore[reportInvalidTypeForm]
    kode_wilayah: Wilayah | None = None,
    waiting: Literal["me"] | None = None,
) -> Response:
    """List offers: an official's by area, a partner's own once it was told of them; `waiting=me`: the caller's turn."""
    wanted = RujukanProgramState(state) if state is not None else None
    statement = queries.rujukan_program_list(shown_to(actor), kpm_id, wanted)
    today = await clock.today(session)
    statement = statement.where(visibility.theirs(actor, today, kode_wilayah))
    if waiting is not None:
        statement = statement.where(queries.waits_for(actor, today))
    order = queries.RUJUKAN_PROGRAM_ORDER if actor.scope is Scope.PARTNER else queries.BY_AREA
    return await paging.answer(session, statement, order)


@rujukan_programs.get("/rujukan-program/{rujukan_program_id}")
@may(Permission.RUJUKAN_READ)
async def read_rujukan_program(
    rujukan_program_id: UUID, session: Session, actor: CurrentActor
) -> RujukanProgramView:
    """Read one offer."""
    row = await visibility.read(session, RujukanProgram, rujukan_program_id, "rujukan")
    return await program_view(session, row, actor)


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


@rujukan_programs.post("/rujukan-program/{rujukan_program_id}/consent", status_code=201)
@may(Permission.CONSENT_RECORD, key_required=True)
async def give_consent(
    rujukan_program_id: UUID, body: ConsentBody, session: Session, actor: CurrentActor
) -> RujukanProgramView:
    """Record that the family lets this partner know who it is; the sending follows by itself."""
    row = await commands.give_consent(session, rujukan_program_id, commands.Given(**body.model_dump()), actor)
    return await program_view(session, row, actor)


@rujukan_programs.post("/rujukan-program/{rujukan_program_id}/consent-withdrawal", status_code=201)
@may(Permission.CONSENT_WITHDRAW, key_required=True)
async def withdraw_consent(
    rujukan_program_id: UUID, body: WithdrawalBody, session: Session, actor: CurrentActor
) -> RujukanProgramView:
    """Take the consent back: nothing more is shared, and a partner that was told is told this too."""
    row = await commands.withdraw_consent(session, rujukan_program_id, body.withdrawn_on, body.reason, actor)
    return await program_view(session, row, actor)


def shown_to(actor: Actor) -> list[str]:
    """Return the columns that a caller may see in a list."""
    hidden = {"kpm_id", "graduasi_id"} if actor.scope is Scope.PARTNER else set[str]()
    return [name for name in RujukanProgramItem.model_fields if name not in hidden]


async def program_view(session: Session, row: RujukanProgram, actor: Actor) -> RujukanProgramView:
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
