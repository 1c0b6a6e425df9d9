"""Routes of lists of rujukan and offers, the actor's worklist, and counts."""

from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from starlette.responses import Response

from services.referral import visibility
from services.referral.rujukan.models import Rujukan, RujukanItem, RujukanProgram, RujukanState
from services.referral.rujukan.routes import ListedOffer, visible_columns
from services.referral.worklist import queries
from services.referral.worklist.commands import make_lister
from shared import clock
from shared.access import Permission, Scope
from shared.contracts.rujukan_kinds import RujukanProgramState
from shared.fields import Wilayah
from shared.http import CurrentActor, Router, Session, may
from shared.http.changes import ChangePage, ChangePaging, DayRange, days_of
from shared.http.numbers import MAX_BODY, NumbersAsked, NumbersView, numbers_of
from shared.remedies import CHANGES_NOTHING

rujukan = Router(tag="rujukan")
rujukan_programs = Router(tag="rujukan-program")
numbers = Router(tag="numbers")
ProgramState = StrEnum("ProgramState", {state.name: state.value for state in RujukanProgramState.known()})


class RujukanPage(ChangePage):
    """A page of rujukan."""

    items: list[RujukanItem]


@rujukan.get("/rujukan", response_model=RujukanPage)
@may(Permission.RUJUKAN_READ_INTERNAL)
async def list_rujukan(
    session: Session,
    actor: CurrentActor,
    paging: ChangePaging,
    days: Annotated[DayRange, days_of("opened_on")],
    kpm_id: UUID | None = None,
    state: RujukanState | None = None,
) -> Response:
    """List rujukan in the actor's areas, in the order of opening."""
    today = await clock.today(session)
    statement = queries.select_rujukan(
        list(RujukanItem.model_fields), actor, today, kpm_id=kpm_id, state=state
    )
    return await paging.answer(session, days.limit(statement, Rujukan.opened_on), queries.RUJUKAN_ORDER)


class RujukanProgramPage(ChangePage):
    """A page of offers."""

    items: list[ListedOffer]


@rujukan_programs.get("/rujukan-program", response_model=RujukanProgramPage)
@may(Permission.RUJUKAN_READ)
async def list_rujukan_programs(
    session: Session,
    actor: CurrentActor,
    paging: ChangePaging,
    days: Annotated[DayRange, days_of("sent_on")],
    kpm_id: UUID | None = None,
    state: ProgramState | None = None,  # pyright: ignore[reportInvalidTypeForm]
    kode_wilayah: Wilayah | None = None,
    waiting: Literal["me"] | None = None,
) -> Response:
    """List offers: an official's by area, a partner's own once they were shared.

    `waiting=me` selects those that wait for the actor.
    """
    program_state = RujukanProgramState(state) if state is not None else None
    statement = queries.select_rujukan_programs(visible_columns(actor), kpm_id, program_state)
    today = await clock.today(session)
    statement = statement.where(visibility.visible_to(actor, today, kode_wilayah))
    if waiting is not None:
        statement = statement.where(queries.waiting_for_caller(actor, today))
    order = queries.RUJUKAN_PROGRAM_ORDER if actor.scope is Scope.PARTNER else queries.BY_AREA
    listed = days.limit(statement, RujukanProgram.sent_on)
    return await paging.answer(session, listed, order, shape=make_lister(actor, today))


@numbers.post("/numbers")
@may(Permission.NUMBERS_READ, max_body=MAX_BODY, personal=True, undo=CHANGES_NOTHING)
async def count_numbers(body: NumbersAsked, session: Session) -> NumbersView:
    """Count rujukan opened, withdrawn and live."""
    counted = await queries.count_rujukan(session, body.kpm_ids, body.pendamping_ids)
    return numbers_of("referral", ["opened", "withdrawn", "live"], counted)
