"""Routes of offers before a statement, families that fit a program, and next best programs."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import Field
from starlette.responses import Response

from services.referral import visibility
from services.referral.offer import queries as offer_queries
from services.referral.offer.commands import next_best, renewal
from services.referral.offer.commands.new_rujukan import show_offers
from services.referral.offer.models import NextBest, NextBestFacts, OffersFacts
from services.referral.place.models import WaitingReason
from services.referral.program import queries
from services.referral.program.models import Program, RuleField, RuleOp, Strength
from services.referral.rujukan.models import Rujukan, RujukanProgramItem
from services.referral.rujukan.queries import with_names
from shared import clock
from shared.access import Permission
from shared.fields import Body, View
from shared.http import CurrentActor, Page, Paging, Router, Session, may
from shared.remedies import operation
from shared.roles import DINSOS, FIELD

offers = Router(tag="offer")


class RuleResultView(View):
    """The result of one rule, in both languages.

    `actual` is null if the fact is unknown.
    """

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
    """A program, whether it fits the family, and why or why not. Amounts in rupiah.

    `waits`: what the family would wait for if it agreed today.
    """

    program_code: str
    revision: int
    name: str
    benefit_kinds: list[str]
    amount_min_rp: int | None
    amount_max_rp: int | None
    required_documents: list[str]
    fits: bool
    waits: WaitingReason | None
    reasons: list[RuleResultView]


class OfferList(OffersFacts):
    """The list shown, and its SHA-256.

    The SHA-256 is of {kpm_id, offers} as JSON with sorted keys and no spaces, in UTF-8.
    """

    offers: list[OfferView]


class Prospect(View):
    """Whether a family fits a program, and why or why not."""

    kpm_id: UUID
    kode_wilayah: str
    fits: bool
    reasons: list[RuleResultView]


class ProspectPage(Page):
    """A page of families, by area."""

    items: list[Prospect]


@offers.get("/offer", responses={409: {}})
@may(Permission.RUJUKAN_MATCH, writes=True)
async def list_offers(kpm_id: UUID, session: Session, actor: CurrentActor) -> OfferList:
    """Show what the family would be offered today.

    The list is stored under its hash, which goes on the family's statement.
    """
    return OfferList.model_validate(await show_offers(session, kpm_id, actor))


@offers.get("/program/{program_id}/families", response_model=ProspectPage)
@may(Permission.RUJUKAN_MATCH)
async def list_prospects(
    program_id: UUID, session: Session, actor: CurrentActor, paging: Paging, *, fits: bool | None = None
) -> Response:
    """List the families in the caller's scope by area, and whether they fit a program.

    `fits` selects those that fit, or those that do not. A page may then have fewer than `limit` families;
    `next` leads to the others.
    """
    program = await visibility.read(session, Program, program_id, "program")
    rules, on = await queries.read_rules(session, program_id), await clock.today(session)
    shape = offer_queries.make_judge(program, rules, on, fits)
    return await paging.answer(
        session, offer_queries.select_families(actor, on), offer_queries.ORDER, shape=shape
    )


next_bests = Router(tag="next-best")


class NextBestBody(Body):
    """The offer that came to nothing: refused, expired, withdrawn, or on a waiting list."""

    after_rujukan_program_id: Annotated[UUID, Field(examples=["0198a000-0000-7000-8000-000000000001"])]


class ConsideredView(View):
    """A program that was considered, whether it may follow, and why or why not.

    `waits`: the reason why it is not available at once.
    """

    program_code: str
    revision: int
    follows: bool
    waits: WaitingReason | None
    en: str
    id: str


class NextBestView(NextBestFacts):
    """The proposal after an offer that came to nothing.

    It is null if no program fits. `considered` has all programs, best first.
    """

    considered: list[ConsideredView]


class NextBestPage(Page):
    """A page of proposals."""

    items: list[NextBestView]


@next_bests.post("/rujukan/{rujukan_id}/next", status_code=201)
@may(Permission.RUJUKAN_MATCH, key_required=True, undo=operation("decline_offer", FIELD | DINSOS))
async def propose_next_best(
    rujukan_id: UUID, body: NextBestBody, session: Session, actor: CurrentActor
) -> NextBestView:
    """Propose the next best program with an explanation. The first proposal is final."""
    proposal = await next_best.propose_next_best(session, rujukan_id, body.after_rujukan_program_id, actor)
    return NextBestView.model_validate(proposal)


@next_bests.get("/rujukan/{rujukan_id}/next", response_model=NextBestPage)
@may(Permission.RUJUKAN_READ_INTERNAL)
async def list_next_best(rujukan_id: UUID, session: Session, paging: Paging) -> Response:
    """List the proposals within a rujukan."""
    parts = (Rujukan, rujukan_id, NextBest, NextBestView)
    statement = await visibility.select_parts(session, *parts)
    return await paging.answer(session, statement, (NextBest.after_rujukan_program_id,))


renewals = Router(tag="rujukan-program")


@renewals.post("/rujukan-program/{rujukan_program_id}/decline", status_code=201)
@may(Permission.CONSENT_WITHDRAW, key_required=True, undo=operation("renew_offer", FIELD | DINSOS))
async def decline_offer(
    rujukan_program_id: UUID, session: Session, actor: CurrentActor
) -> RujukanProgramItem:
    """Record that the family does not want a drafted program."""
    row = await renewal.decline_offer(session, rujukan_program_id, actor)
    return RujukanProgramItem.model_validate(await with_names(session, row))


@renewals.post("/rujukan-program/{rujukan_program_id}/renewal", status_code=201)
@may(Permission.CONSENT_WITHDRAW, key_required=True, undo=operation("decline_offer", FIELD | DINSOS))
async def renew_offer(rujukan_program_id: UUID, session: Session, actor: CurrentActor) -> RujukanProgramItem:
    """Make a declined or withdrawn offer again, as a new draft. The former one stays."""
    row = await renewal.renew_offer(session, rujukan_program_id, actor)
    return RujukanProgramItem.model_validate(await with_names(session, row))
