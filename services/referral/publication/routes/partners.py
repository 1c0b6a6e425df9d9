"""Routes of partners, their webhooks, and the offices that they call."""

from uuid import UUID

from sqlmodel import Field
from starlette.responses import Response

from services.referral import visibility
from services.referral.partner import queries
from services.referral.partner.models import (
    Office,
    OfficeTerms,
    OfficeView,
    Partner,
    PartnerChange,
    PartnerChangeView,
    PartnerNames,
    PartnerTerms,
    PartnerView,
    Url,
)
from services.referral.publication.commands import catalogue
from shared.access import Permission
from shared.database import load
from shared.fields import Body, Sentence
from shared.http import CurrentActor, IfMatch, Page, Paging, Router, Session, expect_version, may
from shared.http.changes import ChangePage, ChangePaging
from shared.http.idempotency import SHOWN_ONCE
from shared.remedies import CORRECT_REQUEST, operation
from shared.roles import MINISTRY

partners = Router(tag="partner")
offices = Router(tag="office")


class PartnerRegistration(PartnerTerms, Body):
    """A partner. On HOST_TO_HOST and API_SPLP it needs a webhook address."""


class PartnerWithSecret(PartnerView):
    """A partner with the secret of its webhook."""

    webhook_secret: str | None = Field(
        description="Shown in the first answer only. Null in a repeated answer, and without a webhook. "
        "If it is lost, `POST /v1/partner/{partner_id}/webhook` with the same address gives a new one.",
        schema_extra={"json_schema_extra": {SHOWN_ONCE: True}},
    )


class PartnerPage(ChangePage):
    """A page of partners."""

    items: list[PartnerView]


class WebhookChange(Body):
    """Another address, or the same for a new secret."""

    webhook_url: Url


class OfficePage(Page):
    """A page of offices."""

    items: list[OfficeView]


class OfficeShape(OfficeTerms, Body):
    """The office that partners call about families of a kabupaten or kota."""


@partners.post("/partner", status_code=201)
@may(Permission.PARTNER_REGISTER, undo=operation("correct_partner", MINISTRY))
async def register_partner(
    body: PartnerRegistration, session: Session, actor: CurrentActor
) -> PartnerWithSecret:
    """Register a partner. The secret that signs its webhook is shown only once."""
    return with_secret(*await catalogue.register_partner(session, body, actor))


@partners.get("/partner", response_model=PartnerPage)
@may(Permission.PARTNER_REGISTER)
async def list_partners(session: Session, paging: ChangePaging) -> Response:
    """List partners by code."""
    statement = visibility.select_columns(Partner, list(PartnerView.model_fields))
    return await paging.answer(session, statement, queries.PARTNER_ORDER)


@partners.get("/partner/{partner_id}")
@may(Permission.PARTNER_REGISTER)
async def read_partner(partner_id: UUID, session: Session) -> PartnerView:
    """Read a partner."""
    return await visibility.read(session, Partner, partner_id, "partner")


@partners.post("/partner/{partner_id}/webhook", status_code=201)
@may(Permission.PARTNER_REGISTER, key_required=True, undo=CORRECT_REQUEST)
async def change_webhook(
    partner_id: UUID, body: WebhookChange, session: Session, actor: CurrentActor, version: IfMatch
) -> PartnerWithSecret:
    """Set another address and secret of the webhook. Pending notices are sent again at once."""
    partner = await load(session, Partner, partner_id, noun="partner")
    expect_version(partner, version)
    return with_secret(partner, await catalogue.change_webhook(session, partner, body.webhook_url, actor))


class PartnerCorrection(PartnerNames, Body):
    """All values that say who the partner is, and why they are corrected."""

    reason: Sentence


class PartnerChangePage(Page):
    """A page of corrections, oldest first."""

    items: list[PartnerChangeView]


@partners.post("/partner/{partner_id}/correction", status_code=201)
@may(Permission.PARTNER_REGISTER, key_required=True, undo=CORRECT_REQUEST)
async def correct_partner(
    partner_id: UUID, body: PartnerCorrection, session: Session, actor: CurrentActor, version: IfMatch
) -> PartnerView:
    """Correct code, name, kind, channel or area of a partner.

    On a channel without a webhook the address is removed, and notices are in the inbox.
    """
    partner = await load(session, Partner, partner_id, noun="partner")
    expect_version(partner, version)
    return await catalogue.correct_partner(session, partner, body, body.reason, actor)


@partners.get("/partner/{partner_id}/correction", response_model=PartnerChangePage)
@may(Permission.PARTNER_REGISTER)
async def list_partner_corrections(partner_id: UUID, session: Session, paging: Paging) -> Response:
    """List the values of a partner before each correction."""
    await visibility.read(session, Partner, partner_id, "partner")
    statement = visibility.select_columns(PartnerChange, list(PartnerChangeView.model_fields))
    statement = statement.where(PartnerChange.partner_id == partner_id)
    return await paging.answer(session, statement, queries.PARTNER_CHANGE_ORDER)


def with_secret(partner: Partner, secret: str | None) -> PartnerWithSecret:
    """Return a partner with its new secret."""
    return PartnerWithSecret.model_construct(**dict(partner), webhook_secret=secret)


@offices.post("/office", status_code=201)
@may(Permission.PARTNER_REGISTER, undo=CORRECT_REQUEST)
async def set_office(body: OfficeShape, session: Session, actor: CurrentActor) -> OfficeView:
    """Set the office that partners call in an area. It replaces the former one."""
    return await catalogue.set_office(session, body, actor)


@offices.get("/office", response_model=OfficePage)
@may(Permission.PROGRAM_READ)
async def list_offices(session: Session, paging: Paging) -> Response:
    """List the offices that partners call, by area.

    An area without a recorded office has none here.
    """
    statement = visibility.select_columns(Office, list(OfficeView.model_fields))
    return await paging.answer(session, statement, queries.OFFICE_ORDER)
