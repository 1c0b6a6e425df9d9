"""Routes of corrections."""

from typing import Annotated
from uuid import UUID

from annotated_types import Interval
from pydantic import Field, StrictBool, StrictInt
from starlette.responses import Response

from services.referral import visibility
from services.referral.answer.models import AnswerInput
from services.referral.correction import queries
from services.referral.correction.commands import corrections as commands
from services.referral.correction.commands import voids
from services.referral.correction.models import CorrectionView
from services.referral.follow_up.models import OutcomeItem
from services.referral.rujukan.models import RujukanProgram
from services.referral.rujukan.routes import RujukanProgramView, rujukan_program_view
from shared.access import Permission
from shared.database import vault_of
from shared.fields import Body, Day, Rupiah, Sentence, Voiding
from shared.http import CurrentActor, Page, Paging, Router, Session, may
from shared.remedies import CORRECT_REQUEST, operation
from shared.roles import FIELD, PARTNERS

corrections = Router(tag="partner-answer")
Month = Annotated[StrictInt, Interval(ge=1, le=120)]


class AnswerCorrection(AnswerInput, Body):
    """The answer that replaces the one that holds, under a new `answer_id`, and why.

    An approval without an amount keeps the amount last stated.
    """

    reason: Sentence


class DeliveryCorrection(Body):
    """The right amount or date of a delivery, and why. What is left out stays."""

    amount_rp: Rupiah | None = None
    delivered_on: Day | None = None
    reason: Sentence


class OutcomeCorrection(Body):
    """The right outcome of a month, and why. What is left out stays."""

    month: Month = Field(examples=[3])
    still_in_business: StrictBool | None = None
    omzet_rp: Rupiah | None = None
    reason: Sentence


class OutcomeVoid(Voiding):
    """The month whose outcome does not count, and why."""

    month: Month = Field(examples=[3])


class CorrectionPage(Page):
    """A page of corrections, oldest first."""

    items: list[CorrectionView]


@corrections.post("/rujukan-program/{rujukan_program_id}/answer-correction", status_code=201)
@may(Permission.RUJUKAN_ANSWER, key_required=True, undo=CORRECT_REQUEST)
async def correct_answer(
    rujukan_program_id: UUID, body: AnswerCorrection, session: Session, actor: CurrentActor
) -> RujukanProgramView:
    """Correct the own answer that holds. It is possible until the delivery."""
    row = await commands.correct_answer(session, rujukan_program_id, body, body.reason, actor)
    return await rujukan_program_view(session, row, actor)


@corrections.post("/rujukan-program/{rujukan_program_id}/delivery-correction", status_code=201)
@may(Permission.DELIVERY_RECORD, key_required=True, undo=CORRECT_REQUEST)
async def correct_delivery(
    rujukan_program_id: UUID, body: DeliveryCorrection, session: Session, actor: CurrentActor
) -> RujukanProgramView:
    """Correct the amount or date of a delivery within the SLA term's days."""
    row = await commands.correct_delivery(session, rujukan_program_id, **body.model_dump(), actor=actor)
    return await rujukan_program_view(session, row, actor)


@corrections.post("/rujukan-program/{rujukan_program_id}/outcome-correction", status_code=201)
@may(Permission.OUTCOME_RECORD, key_required=True, undo=CORRECT_REQUEST)
async def correct_outcome(
    rujukan_program_id: UUID, body: OutcomeCorrection, session: Session, actor: CurrentActor
) -> OutcomeItem:
    """Correct the outcome of a month, within the days of the SLA term."""
    return await commands.correct_outcome(session, rujukan_program_id, **body.model_dump(), actor=actor)


@corrections.post("/rujukan-program/{rujukan_program_id}/delivery-void", status_code=201)
@may(Permission.DELIVERY_RECORD, key_required=True, undo=operation("deliver_aid", PARTNERS))
async def void_delivery(
    rujukan_program_id: UUID, body: Voiding, session: Session, actor: CurrentActor
) -> RujukanProgramView:
    """Void a delivery that was not made, within the days of the SLA term.

    It stays readable as a correction. The offer returns to the state before it.
    """
    row = await voids.void_delivery(session, rujukan_program_id, body.reason, actor)
    return await rujukan_program_view(session, row, actor)


@corrections.post("/rujukan-program/{rujukan_program_id}/outcome-void", status_code=201)
@may(Permission.OUTCOME_RECORD, key_required=True, undo=operation("record_outcome", FIELD | PARTNERS))
async def void_outcome(
    rujukan_program_id: UUID, body: OutcomeVoid, session: Session, actor: CurrentActor
) -> RujukanProgramView:
    """Void the outcome of a month, within the days of the SLA term.

    It stays readable as a correction. The outcome of the month is asked for again.
    """
    row = await voids.void_outcome(session, rujukan_program_id, **body.model_dump(), actor=actor)
    return await rujukan_program_view(session, row, actor)


@corrections.get("/rujukan-program/{rujukan_program_id}/correction", response_model=CorrectionPage)
@may(Permission.RUJUKAN_READ)
async def list_corrections(
    rujukan_program_id: UUID, session: Session, actor: CurrentActor, paging: Paging
) -> Response:
    """List the corrections of one offer with the values before and after.

    A partner sees those of its answers and deliveries, and those of outcomes that its own account made.
    """
    await visibility.read(session, RujukanProgram, rujukan_program_id, "rujukan")
    vault = vault_of(session)
    statement = queries.select_corrections(rujukan_program_id, actor)
    return await paging.answer(
        session, statement, queries.CORRECTION_ORDER, shape=lambda row: queries.open_reason(row, vault)
    )
