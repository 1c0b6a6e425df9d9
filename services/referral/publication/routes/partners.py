"""Partners, their webhooks, and the offices that they call."""

from typing import Annotated
from uuid import UUID

from pydantic import Field
from starlette.responses import Response

from services.referral import visibility
from services.referral.partner import queries
from services.referral.partner.models import Channel, Office, Partner, PartnerKind
from services.referral.publication.commands import catalogue
from services.referral.publication.routes.fields import Code, Name, Url
from shared.access import Permission
from shared.database import load
from shared.fields import Body, View, Wilayah
from shared.http import CurrentActor, IfMatch, Paging, Router, Session, expect_version, may
from shared.http.idempotency import SHOWN_ONCE

partners = Router(tag="partner")
offices = Router(tag="office")


class PartnerRegistration(Body):
    """A partner; on HOST_TO_HOST and API_SPLP with the address that is told."""

    code: Code
    name: Name
    kind: PartnerKind
    channel: Channel
    kode_wilayah: Wilayah | None = None
    webhook_url: Url | None = None


class PartnerView(View):
    """A partner, without its secret."""

    partner_id: UUID
    code: str
    name: str
    kind: PartnerKind
    channel: Channel
    kode_wilayah: str | None
    webhook_url: str | None
    version: int


class PartnerWithSecret(PartnerView):
    """A partner with the secret of its webhook."""

    webhook_secret: str | None = Field(
        description="Shown in the first answer alone; null in a repeated one, and where there is no webhook. "
        "If it was lost, `POST /v1/partner/{partner_id}/webhook` with the same address gives a new one.",
        json_schema_extra={SHOWN_ONCE: True},
    )


class PartnerPage(View):
    """A page of partners."""

    items: list[PartnerView]
    next: str | None


class WebhookChange(Body):
    """Another address, or the same for a new secret."""

    webhook_url: Url


class OfficeShape(Body):
    """Whom partners call about families of a kabupaten or kota."""

    kode_wilayah: Wilayah
    name: Name
    phone: Annotated[str, Field(pattern=r"^\+?[0-9 ()-]{5,30}$", examples=["(0294) 381234"])] | None = None
    email: (
        Annotated[str, Field(pattern=r"^[^@\s]{1,64}@[^@\s]{1,180}$", examples=["dinsos@kendalkab.go.id"])]
        | None
    ) = None


class OfficeView(View):
    """The Dinsos office of an area."""

    kode_wilayah: str
    name: str
    phone: str | None
    email: str | None
    version: int


@partners.post("/partner", status_code=201)
@may(Permission.PARTNER_REGISTER)
async def register_partner(
    body: PartnerRegistration, session: Session, actor: CurrentActor
) -> PartnerWithSecret:
    """Register a partner; the secret with which its webhook is signed is shown this once."""
    partner, secret = await catalogue.register_partner(
        session, catalogue.NewPartner(**body.model_dump()), actor
    )
    return with_secret(partner, secret)


@partners.get("/partner", response_model=PartnerPage)
@may(Permission.PARTNER_REGISTER)
async def list_partners(session: Session, paging: Paging) -> Response:
    """List partners by code."""
    statement = visibility.columns_of(Partner, list(PartnerView.model_fields))
    return await paging.answer(session, statement, queries.PARTNER_ORDER)


@partners.get("/partner/{partner_id}")
@may(Permission.PARTNER_REGISTER)
async def read_partner(partner_id: UUID, session: Session) -> PartnerView:
    """Read a partner."""
    return PartnerView.model_validate(await visibility.read(session, Partner, partner_id, "partner"))


@partners.post("/partner/{partner_id}/webhook", status_code=201)
@may(Permission.PARTNER_REGISTER, key_required=True)
async def change_webhook(
    partner_id: UUID, body: WebhookChange, session: Session, version: IfMatch
) -> PartnerWithSecret:
    """Give the partner another address and secret; what waited for it is tried again at once."""
    partner = await load(session, Partner, partner_id, noun="partner")
    expect_version(partner, version)
    return with_secret(partner, await catalogue.change_webhook(session, partner, body.webhook_url))


def with_secret(partner: Partner, secret: str | None) -> PartnerWithSecret:
    """Show a partner with its new secret."""
    shown = PartnerView.model_validate(partner)
    return PartnerWithSecret(**shown.model_dump(), webhook_secret=secret)


@offices.post("/office", status_code=201)
@may(Permission.PARTNER_REGISTER)
async def set_office(body: OfficeShape, session: Session) -> OfficeView:
    """Say whom partners call in an area; said again, it is replaced."""
    return OfficeView.model_validate(await catalogue.set_office(session, Office(**body.model_dump())))
