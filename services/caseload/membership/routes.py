"""Routes of memberships, their cases, payable tahap and pending decisions."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Query
from starlette.responses import Response

from services.caseload.approval.commands import FORM
from services.caseload.membership.commands.kepesertaan import record_kepesertaan
from services.caseload.membership.commands.pending_decisions import decide_stay
from services.caseload.membership.models import (
    CaseView,
    KepesertaanFacts,
    KepesertaanKey,
    KepesertaanPending,
    MembershipRef,
    MembershipVoidTerms,
    PendingFacts,
    PendingKey,
)
from services.caseload.membership.queries import MembershipStatus, count_ends, list_memberships, list_pending
from services.caseload.overview.queries.tahap import HeldFor, Payable, payable_by_bansos, payable_tahap
from services.caseload.tables import Days
from shared import clock
from shared.access import Permission
from shared.approval import ApprovalKind, request_approval
from shared.contracts.graduation import BackPay
from shared.contracts.kinds import Bansos
from shared.field_classes import PRIBADI, SPESIFIK
from shared.fields import KNOWN, Body, Day, Paragraph, RequestOnly, Sentences, View, Wilayah
from shared.http import CurrentActor, Router, Session, may
from shared.http.approvals import ApprovalRequestView, accepted_answer
from shared.http.changes import ChangePage, ChangePaging, DayRange, days_of
from shared.http.numbers import MAX_BODY, NumbersAsked, NumbersView, numbers_of
from shared.remedies import CHANGES_NOTHING, one_of, operation, to_call
from shared.roles import DINSOS, FIELD, MINISTRY

memberships = Router(tag="kepesertaan")
# A case of its own ends a membership that was kept in error.
EXIT = one_of(to_call("propose_exit_of_kpm", FIELD | DINSOS), to_call("graduation.open_graduasi", FIELD))


class DecisionView(PendingKey):
    """Decision that a membership stays although another one or the family ends."""

    decided_by: str
    decided_on: date
    reason: Annotated[str, PRIBADI]


class KepesertaanView(KepesertaanFacts, Days):
    """Membership in one bansos. `valid_to` is the first day without it."""

    active: bool
    status: MembershipStatus
    back_pay_tahap: Annotated[list[str], SPESIFIK]
    back_pay: Annotated[list[BackPay], SPESIFIK]
    case: CaseView | None
    decision: DecisionView | None


class KepesertaanList(View):
    """All memberships of a family, oldest first."""

    kpm_id: UUID
    items: list[KepesertaanView]


class PayableTahapView(MembershipRef):
    """Which tahap of a bansos are payable as of `on`, and why.

    `back_pay` lists withheld tahap that an annulment decided to pay, `not_paid` those that it decided not to pay: they
    are payable under no other value. `back_pay_decisions` has both with the reason. `pending` lists the family's other
    bansos that wait for a decision. `held_for` is the reason of HELD; after a death, tahap with a cut-off on `held_from`
    or later are held, and earlier ones stay payable.
    """

    bansos: Bansos
    on: date
    status: MembershipStatus
    payable: Payable
    held_for: HeldFor | None
    held_from: date | None
    last_payable_tahap: str | None
    first_unpayable_tahap: str | None
    ends_on: date | None
    back_pay: list[str]
    not_paid: list[str]
    back_pay_decisions: list[BackPay]
    reason: Sentences
    pending: list[Bansos]


class PayableTahapList(View):
    """The payable tahap of each bansos of a family, as of a date."""

    kpm_id: UUID
    items: list[PayableTahapView]


class KepesertaanRequest(Body):
    """Bansos and first day of a first membership."""

    bansos: Annotated[Bansos, KNOWN]
    valid_from: Day


class StartedView(KepesertaanKey):
    """A new membership."""

    kpm_id: UUID
    valid_from: date


class StayDecision(Body):
    """Why the membership stays. The reason is stored sealed."""

    reason: Annotated[Paragraph, RequestOnly("Lansia tetap memerlukan bantuan pangan.")]


class StayView(MembershipRef):
    """Decision that a membership stays. `answered` lists the cases that required it."""

    decided_by: str
    decided_on: date
    answered: list[UUID]


class PendingItem(PendingFacts):
    """A membership that waits for a decision after another exit or the family's end."""

    kode_wilayah: str
    bansos: Bansos


class PendingPage(ChangePage):
    """Memberships that wait for a decision, the longest waiting first."""

    items: list[PendingItem]


@memberships.get("/kpm/{kpm_id}/kepesertaan")
@may(Permission.KPM_READ)
async def list_kepesertaan(kpm_id: UUID, session: Session, actor: CurrentActor) -> KepesertaanList:
    """List the memberships of a family. The end of one bansos does not end another."""
    return KepesertaanList(
        kpm_id=kpm_id,
        items=[KepesertaanView.model_validate(row) for row in await list_memberships(session, actor, kpm_id)],
    )


@memberships.get("/kpm/{kpm_id}/tahap")
@may(Permission.TAHAP_READ)
async def read_tahap(
    kpm_id: UUID,
    bansos: Annotated[Bansos, KNOWN, Query()],
    session: Session,
    actor: CurrentActor,
    on: Annotated[Day | None, Query()] = None,
) -> PayableTahapView:
    """Return which tahap are payable as of a date, by default today, and why."""
    return PayableTahapView.model_validate(await payable_tahap(session, actor, kpm_id, bansos, on))


@memberships.get("/kpm/{kpm_id}/tahap-list")
@may(Permission.TAHAP_READ)
async def list_tahap(
    kpm_id: UUID, session: Session, actor: CurrentActor, on: Annotated[Day | None, Query()] = None
) -> PayableTahapList:
    """Return the payable tahap of all bansos as of a date, by default today."""
    memberships = await list_memberships(session, actor, kpm_id)
    answers = await payable_by_bansos(session, kpm_id, memberships, on)
    return PayableTahapList.model_validate({"kpm_id": kpm_id, "items": [*answers.values()]})


@memberships.post("/kpm/{kpm_id}/kepesertaan", status_code=201)
@may(Permission.KPM_INTAKE, key_required=True, undo=operation("void_membership", DINSOS))
async def record_membership(
    kpm_id: UUID, body: KepesertaanRequest, session: Session, actor: CurrentActor
) -> StartedView:
    """Record a first membership in a bansos. A family that has left needs an application."""
    kepesertaan = await record_kepesertaan(session, actor, kpm_id, **dict(body))
    return StartedView.model_validate(kepesertaan, from_attributes=True)


@memberships.post("/kepesertaan/{kepesertaan_id}/stay", status_code=201)
@may(Permission.KEPESERTAAN_DECIDE, key_required=True, undo=EXIT)
async def keep_membership(
    kepesertaan_id: UUID, body: StayDecision, session: Session, actor: CurrentActor
) -> StayView:
    """Decide that a membership stays although the family leaves another bansos or has ended."""
    answered = await decide_stay(session, actor, kepesertaan_id, reason=body.reason)
    names = ("kepesertaan_id", "kpm_id", "decided_by", "decided_on")
    values = {name: getattr(answered[0], name) for name in names}
    return StayView(answered=[pending.graduasi_id for pending in answered if pending.graduasi_id], **values)


class MembershipVoid(MembershipVoidTerms, Body):
    """Why the membership was recorded in error, and the evidence."""


@memberships.post("/kepesertaan/{kepesertaan_id}/void", status_code=202, response_model=ApprovalRequestView)
@may(Permission.KEPESERTAAN_DECIDE, key_required=True, undo=operation("record_membership", DINSOS | MINISTRY))
async def void_membership(
    kepesertaan_id: UUID, body: MembershipVoid, session: Session, actor: CurrentActor
) -> Response:
    """Request that a membership which was recorded in error is voided. Kemensos approves it."""
    kind = ApprovalKind.MEMBERSHIP_VOID
    return accepted_answer(session, await request_approval(session, actor, FORM, kind, kepesertaan_id, body))


@memberships.get("/kepesertaan-pending", response_model=PendingPage)
@may(Permission.KPM_READ)
async def list_pending_memberships(
    session: Session,
    actor: CurrentActor,
    paging: ChangePaging,
    days: Annotated[DayRange, days_of("since")],
    kode_wilayah: Annotated[Wilayah | None, Query()] = None,
) -> Response:
    """List memberships that wait for a decision because the family leaves another bansos.

    A pendamping sees the families that they accompany, an official those of their areas.
    """
    statement = list_pending(actor, await clock.today(session), kode_wilayah)
    return await paging.answer(
        session, days.limit(statement, KepesertaanPending.since), (KepesertaanPending.pending_id,)
    )


numbers = Router(tag="numbers")


@numbers.post("/numbers")
@may(Permission.NUMBERS_READ, max_body=MAX_BODY, personal=True, undo=CHANGES_NOTHING)
async def count_numbers(body: NumbersAsked, session: Session) -> NumbersView:
    """Count memberships of families that have ended, or whose end is ahead or held.

    Without families it counts those that the given pendamping accompany or accompanied.
    """
    counted = await count_ends(session, body.kpm_ids, body.pendamping_ids)
    return numbers_of("caseload", ["ended", "ending"], counted)
