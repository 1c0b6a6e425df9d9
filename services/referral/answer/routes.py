"""Routes of partners' answers and deliveries."""

from uuid import UUID

from pydantic import Field

from services.referral.answer import commands
from services.referral.answer.models import AnswerInput, OwnId
from services.referral.rujukan.routes import RujukanProgramView, rujukan_program_view
from shared.access import Permission
from shared.fields import Body, Day, Rupiah
from shared.http import CurrentActor, Router, Session, may

answers = Router(tag="partner-answer")


class AnswerBody(AnswerInput, Body):
    """A partner's answer under its own id. Amount in rupiah.

    The same id again is the same answer.
    """


class DeliveryBody(Body):
    """The aid has reached the family."""

    delivery_id: OwnId
    amount_rp: Rupiah | None = None
    delivered_on: Day = Field(examples=["2026-07-20"])


@answers.post("/rujukan-program/{rujukan_program_id}/answer", status_code=201)
@may(Permission.RUJUKAN_ANSWER, key_required=True)
async def answer_rujukan(
    rujukan_program_id: UUID, body: AnswerBody, session: Session, actor: CurrentActor
) -> RujukanProgramView:
    """Answer one of the own rujukan. States that the answer implies are passed with it."""
    row = await commands.answer_rujukan(session, rujukan_program_id, body, actor)
    return await rujukan_program_view(session, row, actor)


@answers.post("/rujukan-program/{rujukan_program_id}/delivery", status_code=201)
@may(Permission.DELIVERY_RECORD, key_required=True)
async def deliver_aid(
    rujukan_program_id: UUID, body: DeliveryBody, session: Session, actor: CurrentActor
) -> RujukanProgramView:
    """Record that the aid has reached the family."""
    row = await commands.deliver_aid(session, rujukan_program_id, **body.model_dump(), actor=actor)
    return await rujukan_program_view(session, row, actor)
