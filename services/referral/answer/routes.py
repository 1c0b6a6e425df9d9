"""Routes of partners' answers and deliveries."""

from uuid import UUID

from pydantic import Field
from starlette.responses import Response

from services.referral import visibility
from services.referral.answer import queries
from services.referral.answer.commands import answers as answer_commands
from services.referral.answer.commands import deliveries
from services.referral.answer.models import AnswerInput, OwnId, PartnerAnswerView
from services.referral.rujukan.models import RujukanProgram
from services.referral.rujukan.routes import RujukanProgramView, rujukan_program_view
from shared.access import Permission
from shared.database import vault_of
from shared.fields import Body, Day, Rupiah
from shared.http import CurrentActor, Page, Paging, Router, Session, may
from shared.remedies import one_of, operation, to_call
from shared.roles import PARTNERS

answers = Router(tag="partner-answer")


class AnswerBody(AnswerInput, Body):
    """A partner's answer under its own id. Amount in rupiah.

    The same id again is the same answer.
    """


class DeliveryBody(Body):
    """The aid has reached the family. Without an amount the approved one holds."""

    delivery_id: OwnId
    amount_rp: Rupiah | None = None
    delivered_on: Day = Field(examples=["2026-07-20"])


class PartnerAnswerPage(Page):
    """A page of answers as they were given, oldest first."""

    items: list[PartnerAnswerView]


@answers.post("/rujukan-program/{rujukan_program_id}/answer", status_code=201)
@may(Permission.RUJUKAN_ANSWER, key_required=True, undo=operation("correct_answer", PARTNERS))
async def answer_rujukan(
    rujukan_program_id: UUID, body: AnswerBody, session: Session, actor: CurrentActor
) -> RujukanProgramView:
    """Answer one of the own rujukan. States that the answer implies are passed with it."""
    row = await answer_commands.answer_rujukan(session, rujukan_program_id, body, actor)
    return await rujukan_program_view(session, row, actor)


@answers.post("/rujukan-program/{rujukan_program_id}/delivery", status_code=201)
@may(
    Permission.DELIVERY_RECORD,
    key_required=True,
    undo=one_of(to_call("correct_delivery", PARTNERS), to_call("void_delivery", PARTNERS)),
)
async def deliver_aid(
    rujukan_program_id: UUID, body: DeliveryBody, session: Session, actor: CurrentActor
) -> RujukanProgramView:
    """Record that the aid has reached the family."""
    row = await deliveries.deliver_aid(session, rujukan_program_id, **body.model_dump(), actor=actor)
    return await rujukan_program_view(session, row, actor)


@answers.get("/rujukan-program/{rujukan_program_id}/answer", response_model=PartnerAnswerPage)
@may(Permission.RUJUKAN_READ)
async def list_answers(rujukan_program_id: UUID, session: Session, paging: Paging) -> Response:
    """List the answers on one offer as they were given, with the partner's words."""
    await visibility.read(session, RujukanProgram, rujukan_program_id, "rujukan")
    vault, statement = vault_of(session), queries.select_answers(rujukan_program_id)
    return await paging.answer(
        session, statement, queries.ANSWER_ORDER, shape=lambda row: queries.open_words(row, vault)
    )
