"""Routes of SLA terms and of escalations."""

from functools import partial
from typing import Annotated
from uuid import UUID

from starlette.responses import Response

from services.referral import visibility
from services.referral.deadline import commands, queries
from services.referral.deadline.models import Escalation, EscalationView, SlaTerm, SlaTermTerms, SlaTermView
from shared.access import Permission
from shared.database import vault_of
from shared.fields import Body, Sentence, WrittenReason
from shared.http import CurrentActor, Page, Paging, Router, Session, may
from shared.http.changes import ChangePage, ChangePaging, DayRange, days_of
from shared.remedies import operation
from shared.roles import DINSOS, MINISTRY

sla_terms = Router(tag="sla")
escalations = Router(tag="escalation")


class SlaTermBody(SlaTermTerms, Body):
    """Calendar days around the SLA of a program, or of all programs without a term."""


class SlaTermPage(Page):
    """A page of terms."""

    items: list[SlaTermView]


class EscalationPage(ChangePage):
    """A page of escalations, oldest first."""

    items: list[EscalationView]


class AcknowledgementBody(Body):
    """What is done about the escalation."""

    note: Sentence


@sla_terms.post("/sla-term", status_code=201)
@may(Permission.SLA_SET, key_required=True, undo=operation("void_version", MINISTRY))
async def set_sla_term(body: SlaTermBody, session: Session, actor: CurrentActor) -> SlaTermView:
    """Set the term of a program, or of all others, from a day on.

    The earlier term applies until the day before.
    """
    return await commands.set_term(session, body, actor)


@sla_terms.get("/sla-term", response_model=SlaTermPage)
@may(Permission.SLA_READ)
async def list_sla_terms(session: Session, paging: Paging) -> Response:
    """List SLA terms by their first day.

    A term holds the days to remind, escalate, expire, close and deliver.
    """
    statement = visibility.select_columns(SlaTerm, list(SlaTermView.model_fields))
    return await paging.answer(session, statement, queries.SLA_TERM_ORDER)


@escalations.get("/escalation", response_model=EscalationPage)
@may(Permission.ESCALATION_READ)
async def list_escalations(
    session: Session,
    paging: ChangePaging,
    days: Annotated[DayRange, days_of("raised_on")],
    *,
    open_only: bool = True,
) -> Response:
    """List escalations in the actor's areas. Open: not acknowledged and not settled."""
    statement, shape = (
        queries.select_escalations(open_only=open_only),
        partial(queries.open_notes, vault_of(session)),
    )
    return await paging.answer(
        session, days.limit(statement, Escalation.raised_on), queries.ESCALATION_ORDER, shape=shape
    )


@escalations.post("/escalation/{escalation_id}/acknowledgement", status_code=201)
@may(
    Permission.ESCALATION_ACKNOWLEDGE,
    key_required=True,
    undo=operation("withdraw_acknowledgement", DINSOS | MINISTRY),
)
async def acknowledge_escalation(
    escalation_id: UUID, body: AcknowledgementBody, session: Session, actor: CurrentActor
) -> EscalationView:
    """Acknowledge an escalation, with a note on what is done about it."""
    row = await commands.acknowledge_escalation(session, escalation_id, body.note, actor)
    return EscalationView(**queries.view_escalation(session, row))


@escalations.post("/escalation/{escalation_id}/acknowledgement-withdrawal", status_code=201)
@may(
    Permission.ESCALATION_ACKNOWLEDGE,
    key_required=True,
    undo=operation("acknowledge_escalation", DINSOS | MINISTRY),
)
async def withdraw_acknowledgement(
    escalation_id: UUID, body: WrittenReason, session: Session, actor: CurrentActor
) -> EscalationView:
    """Take an acknowledgement back. The escalation waits again."""
    row = await commands.withdraw_acknowledgement(session, escalation_id, body.reason, actor)
    return EscalationView(**queries.view_escalation(session, row))
