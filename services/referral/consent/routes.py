"""Routes of consent, its withdrawal, and the texts read to a family before it consents."""

from typing import Annotated
from uuid import UUID

from pydantic import Field
from starlette.responses import Response

from services.referral import visibility
from services.referral.consent import commands, queries
from services.referral.consent.models import (
    ConsentItem,
    ConsentTerms,
    ConsentText,
    ConsentTextTerms,
    ConsentTextView,
)
from services.referral.rujukan.models import RujukanProgram
from services.referral.rujukan.routes import RujukanProgramView, rujukan_program_view
from services.referral.signature.models import ConsentPersonView
from services.referral.signature.queries import read_persons
from shared.access import Permission
from shared.field_classes import SPESIFIK
from shared.fields import Body, Day, Sentence
from shared.http import CurrentActor, Page, Paging, Router, Session, may
from shared.remedies import operation
from shared.roles import DINSOS, FIELD, MINISTRY

consents = Router(tag="rujukan-program")
consent_texts = Router(tag="consent")


class ConsentBody(ConsentTerms, Body):
    """The family's consent, with the SHA-256 of its evidence (uploaded before by POST /v1/files)."""


class ConsentView(ConsentItem):
    """A consent with the persons whose identity it shares, and who signed."""

    withdrawn_reason: Annotated[str | None, SPESIFIK]
    persons: list[ConsentPersonView]


class WithdrawalBody(Body):
    """The family withdraws its consent."""

    withdrawn_on: Day = Field(examples=["2026-06-02"])
    reason: Sentence


@consents.post("/rujukan-program/{rujukan_program_id}/consent", status_code=201)
@may(Permission.CONSENT_RECORD, key_required=True, undo=operation("withdraw_consent", FIELD | DINSOS))
async def give_consent(
    rujukan_program_id: UUID, body: ConsentBody, session: Session, actor: CurrentActor
) -> RujukanProgramView:
    """Record that the family consents to share its identity with this partner.

    The rujukan is then sent automatically.
    """
    row = await commands.give_consent(session, rujukan_program_id, body, actor)
    return await rujukan_program_view(session, row, actor)


@consents.get("/rujukan-program/{rujukan_program_id}/consent")
@may(Permission.RUJUKAN_READ_INTERNAL)
async def read_consent(rujukan_program_id: UUID, session: Session) -> ConsentView:
    """Read the consent to one offer: who signed, on what evidence, and how it ended."""
    await visibility.read(session, RujukanProgram, rujukan_program_id, "rujukan")
    consent = await queries.read_consent(session, rujukan_program_id)
    persons = await read_persons(session, rujukan_program_id)
    return ConsentView.model_construct(**queries.open_reason(session, consent), persons=persons)


@consents.post("/rujukan-program/{rujukan_program_id}/consent-withdrawal", status_code=201)
@may(Permission.CONSENT_WITHDRAW, key_required=True, undo=operation("renew_offer", FIELD | DINSOS))
async def withdraw_consent(
    rujukan_program_id: UUID, body: WithdrawalBody, session: Session, actor: CurrentActor
) -> RujukanProgramView:
    """Withdraw the consent.

    Nothing more is shared, and a partner that was notified is notified of it.
    """
    row = await commands.withdraw_consent(session, rujukan_program_id, body.withdrawn_on, body.reason, actor)
    return await rujukan_program_view(session, row, actor)


class ConsentTextBody(ConsentTextTerms, Body):
    """The text that is read to a family before it consents, from a day on."""


class ConsentTextPage(Page):
    """A page of texts, oldest first."""

    items: list[ConsentTextView]


@consent_texts.get("/consent-text", response_model=ConsentTextPage)
@may(Permission.RUJUKAN_READ)
async def list_consent_texts(session: Session, paging: Paging) -> Response:
    """List the texts that are read to a family before it consents, oldest first."""
    statement = visibility.select_columns(ConsentText, list(ConsentTextView.model_fields))
    return await paging.answer(session, statement, queries.CONSENT_TEXT_ORDER)


@consent_texts.post("/consent-text", status_code=201)
@may(Permission.CONSENT_TEXT_SET, key_required=True, undo=operation("void_version", MINISTRY))
async def set_consent_text(body: ConsentTextBody, session: Session, actor: CurrentActor) -> ConsentTextView:
    """Set the text of consent from a day on. Earlier consents stay valid."""
    return await commands.set_consent_text(session, body, actor)
