"""Terms around a program's SLA, and what was put before officials because a partner let one pass."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field
from starlette.responses import Response

from services.referral import visibility
from services.referral.deadline import commands, queries
from services.referral.deadline.models import Awaited, Escalation, SlaTerm
from services.referral.publication.routes.fields import Code
from shared.access import Permission
from shared.fields import Body, Day, Sentence, View
from shared.http import CurrentActor, Paging, Router, Session, may

sla_terms = Router(tag="sla")
escalations = Router(tag="escalation")


class SlaTermBody(Body):
    """Calendar days around the SLA of a program, or of all programs that have no term of their own."""

    program_code: Code | None = None
    remind_before_days: Annotated[int, Field(strict=True, ge=0, le=364, examples=[3])]
    escalate_after_days: Annotated[int, Field(strict=True, ge=1, le=365, examples=[1])]
    expire_after_days: Annotated[int, Field(strict=True, ge=1, le=1825, examples=[90])]
    close_after_days: Annotated[int, Field(strict=True, ge=0, le=1825, examples=[90])]
    deliver_within_days: Annotated[int, Field(strict=True, ge=1, le=1825, examples=[60])]
    valid_from: Day
    basis: Sentence


class SlaTermView(View):
    """A term. It holds from `valid_from` to the day before `valid_to`."""

    sla_term_id: UUID
    program_code: str | None
    remind_before_days: int
    escalate_after_days: int
    expire_after_days: int
    close_after_days: int
    deliver_within_days: int
    valid_from: date
    valid_to: date | None
    basis: str


class SlaTermPage(View):
    """A page of terms."""

    items: list[SlaTermView]
    next: str | None


class EscalationView(View):
    """A partner that let its SLA pass; `settled_on` is the day on which it answered, or delivered, after all."""

    escalation_id: UUID
    rujukan_program_id: UUID
    rujukan_id: UUID
    partner_id: UUID
    program_code: str
    kode_wilayah: str
    awaited: Awaited
    sla_due_on: date
    raised_on: date
    settled_on: date | None
    acknowledged_on: date | None
    acknowledged_by: str | None
    note: str | None


class EscalationPage(View):
    """A page of escalations, oldest first."""

    items: list[EscalationView]
    next: str | None


class AcknowledgementBody(Body):
    """What is done about it."""

    note: Sentence


@sla_terms.post("/sla-term", status_code=201)
@may(Permission.SLA_SET, key_required=True)
async def set_sla_term(body: SlaTermBody, session: Session, actor: CurrentActor) -> SlaTermView:
    """Set the term of a program, or of all others, from a day on; the one before ends with that day."""
    term = await commands.set_term(session, commands.Term(**body.model_dump()), actor)
    return SlaTermView.model_validate(term)


@sla_terms.get("/sla-term", response_model=SlaTermPage)
@may(Permission.SLA_READ)
async def list_sla_terms(session: Session, paging: Paging) -> Response:
    """List terms by the day from which they hold."""
    statement = visibility.columns_of(SlaTerm, list(SlaTermView.model_fields))
    return await paging.answer(session, statement, queries.SLA_TERM_ORDER)


@escalations.get("/escalation", response_model=EscalationPage)
@may(Permission.ESCALATION_READ)
async def list_escalations(session: Session, paging: Paging, *, open_only: bool = True) -> Response:
    """List escalations of the caller's areas; open: taken up by nobody, and not answered since."""
    statement = queries.escalation_list(list(EscalationView.model_fields), open_only=open_only)
    return await paging.answer(session, statement, queries.ESCALATION_ORDER)


@escalations.post("/escalation/{escalation_id}/acknowledgement", status_code=201)
@may(Permission.ESCALATION_ACKNOWLEDGE, key_required=True)
async def acknowledge_escalation(
    escalation_id: UUID, body: AcknowledgementBody, session: Session, actor: CurrentActor
) -> EscalationView:
    """Take an escalation up, with a word on what is done about it."""
    row: Escalation = await commands.acknowledge(session, escalation_id, body.note, actor)
    return EscalationView.model_validate(row)
