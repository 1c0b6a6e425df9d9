"""What a family would be offered, before it signs; and the texts to which it agrees."""

from datetime import date
from typing import Any
from uuid import UUID

from starlette.responses import Response

from services.referral import prospects, queries
from services.referral.commands.opening import show_offers
from services.referral.models import Program, RuleField, RuleOp, Strength, WaitingReason
from services.referral.routes.shapes import View
from shared import clock
from shared.access import Permission
from shared.http import Caller, Paging, Router, Session, may

offers = Router(tag="offer")


class ReasonView(View):
    """What one rule came to, in both languages; `actual` is null where the fact is not known."""

    number: int
    field: RuleField
    op: RuleOp
    value: Any
    actual: Any
    fits: bool
    strength: Strength
    source: str
    version: str
    en: str
    id: str


class OfferView(View):
    """A program, whether it fits the family, and why or why not; `waits`: what it would wait for today. Amounts in rupiah."""

    program_code: str
    revision: int
    name: str
    benefit_kinds: list[str]
    amount_min_rp: int | None
    amount_max_rp: int | None
    required_documents: list[str]
    fits: bool
    waits: WaitingReason | None
    reasons: list[ReasonView]


class OfferList(View):
    """The list shown, and the SHA-256 of {kpm_id, offers} as JSON with sorted keys and no spaces, in UTF-8."""

    kpm_id: UUID
    shown_on: date
    sha256: str
    offers: list[OfferView]


class Prospect(View):
    """A family before a program: whether it fits, and why or why not."""

    kpm_id: UUID
    kode_wilayah: str
    fits: bool
    reasons: list[ReasonView]


class ProspectPage(View):
    """A page of families, by area."""

    items: list[Prospect]
    next: str | None


@offers.get("/offer", responses={409: {}})
@may(Permission.RUJUKAN_MATCH)
async def list_offers(kpm_id: UUID, session: Session, caller: Caller) -> OfferList:
    """Show what the family would be offered today; the list is kept under its hash, which goes on the statement."""
    return OfferList.model_validate(await show_offers(session, kpm_id, caller))


@offers.get("/program/{program_id}/families", response_model=ProspectPage)
@may(Permission.RUJUKAN_MATCH)
async def list_prospects(
    program_id: UUID, session: Session, caller: Caller, paging: Paging, *, fits: bool | None = None
) -> Response:
    """List the caller's families before a program, by area: which fit, which do not, and why; `fits` asks for one sort.

    A page holds at most `limit` families, fewer where `fits` leaves some out; `next` leads on to the others.
    """
    program = await queries.read(session, Program, program_id, "program")
    rules, on = await queries.rules_of(session, program_id), await clock.today(session)
    shape = prospects.judge(program, rules, on, fits)
    return await paging.answer(session, prospects.families_before(caller, on), prospects.ORDER, shape=shape)
