"""Routes of sanggah and annulments."""

from datetime import date
from functools import partial
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from fastapi import Query
from pydantic import Field, field_validator, model_validator
from starlette.responses import Response

from services.graduation.approval.commands import FORM
from services.graduation.approval.models import BackPayOrder, OrderTerms
from services.graduation.case.errors import ANOTHER_CASE
from services.graduation.objection import queries
from services.graduation.objection.commands import lodging, sanggah
from services.graduation.objection.models.annulment import AnnulmentFields, BackPaymentTerms, BackPayView
from services.graduation.objection.models.sanggah import (
    Sanggah,
    SanggahDecisionView,
    SanggahLodging,
    SanggahState,
    SanggahView,
    ScanView,
)
from services.graduation.worklist.commands import list_sanggah_actions
from shared.access import Permission
from shared.actions import ActionView
from shared.approval import ApprovalKind, request_approval
from shared.contracts.kinds import BackPayReason, SanggahOutcome
from shared.database import vault_of
from shared.errors import BadValue
from shared.field_classes import PRIBADI, SPESIFIK
from shared.fields import Body, Known, Sentence
from shared.http import CurrentActor, Router, Session, may
from shared.http.approvals import ApprovalRequestView, accepted_answer
from shared.http.changes import ChangePage, ChangePaging, DayRange, days_of
from shared.remedies import one_of, operation, to_call
from shared.roles import DINSOS, MINISTRY

router = Router(tag="sanggah")
MAX_TAHAP = 40
RULINGS = Known(SanggahOutcome.DITERIMA, SanggahOutcome.DITOLAK, SanggahOutcome.SALAH_CATAT)
# A refusal is undone by an annulment. After an SK was undone, another case is opened on the membership.
CORRECT_BACK_PAY = to_call("correct_back_pay", MINISTRY)
DECIDED = one_of(to_call("annul_graduasi", MINISTRY), CORRECT_BACK_PAY, *ANOTHER_CASE)
ANNULLED = one_of(to_call("withdraw_approval_request", MINISTRY), CORRECT_BACK_PAY, *ANOTHER_CASE)
BACK_PAY = one_of(to_call("withdraw_approval_request", MINISTRY), CORRECT_BACK_PAY)
PAID_FOR = {BackPayReason.TETAP_BERHAK, BackPayReason.PUTUSAN, BackPayReason.LAINNYA}
UNPAID_FOR = {*BackPayReason.known()} - {BackPayReason.TETAP_BERHAK, BackPayReason.MENINGGAL}


class SanggahPaper(SanggahLodging, Body):
    """A sanggah on paper.

    `lodged_on` is the date on the paper, which must be in the term.
    `lodger_nik` or `register_no` identifies the lodger. Give at most one. Without a number, the lodger is the family if
    `lodged_by` is KELUARGA, else the paper identifies the lodger. The same `lodged_by`, lodger and date again add the
    scan to the recorded sanggah.
    """

    @model_validator(mode="after")
    def _one_number(self) -> Self:
        if self.lodger_nik is not None and self.register_no is not None:
            raise BadValue(
                "Give the NIK of the lodger or the number of the register, not both.",
                "Isi NIK pengaju atau nomor register, bukan keduanya.",
            )
        return self


class TahapPaid(BackPaymentTerms, Body):
    """Whether the family receives the withheld payment of one tahap, and why.

    `reason` is stored in this service only, sealed; `reason_code` is sent in events.
    """

    @model_validator(mode="after")
    def _reason_fits(self) -> Self:
        allowed = PAID_FOR if self.paid else UNPAID_FOR
        if self.reason_code not in allowed:
            listed = ", ".join(sorted(allowed))
            raise BadValue(
                f"With this `paid` the reason_code is one of {listed}.",
                f"Untuk `paid` ini, reason_code: {listed}.",
            )
        return self


BackPayList = Annotated[list[TahapPaid], Field(max_length=MAX_TAHAP)]


def require_distinct_tahap(value: list[TahapPaid]) -> list[TahapPaid]:
    """Refuse a tahap that is named twice."""
    if len({one.tahap for one in value}) != len(value):
        raise BadValue("A tahap is named twice.", "Ada tahap yang disebut dua kali.")
    return value


class SanggahRuling(Body):
    """The decision.

    DITERIMA annuls the SK for this family, with a decision for each tahap concerned.

    DITOLAK ends the suspension. So does SALAH_CATAT, for a sanggah that was recorded in error: on the wrong case, or
    with a wrong lodger, date or ground. It does not count, and the right one can be recorded.
    """

    outcome: Annotated[SanggahOutcome, RULINGS] = Field(examples=["DITERIMA"])
    reason: Sentence
    back_pay: BackPayList = Field(default_factory=list[TahapPaid])

    _distinct_tahap = field_validator("back_pay")(require_distinct_tahap)


class AnnulmentOrder(OrderTerms, Body):
    """An annulment without a sanggah, with its evidence.

    The reason is stored in this service only, the ground is sent in events.
    """

    back_pay: BackPayList = Field(default_factory=list[TahapPaid])

    _distinct_tahap = field_validator("back_pay")(require_distinct_tahap)


class BackPayCorrection(BackPayOrder, Body):
    """The right decision on each withheld tahap, the reason, and its evidence."""

    back_pay: BackPayList

    _distinct_tahap = field_validator("back_pay")(require_distinct_tahap)


class SanggahLodgedView(SanggahView):
    """A sanggah with its scans, the first one first."""

    scans: list[ScanView]


class AnnulmentView(AnnulmentFields):
    """The annulment of an SK for one family, with its decision on each withheld tahap.

    `replaced_back_pay` are decisions that were corrected, the oldest first.
    """

    reason: Annotated[str, PRIBADI]
    back_pay: Annotated[list[BackPayView], SPESIFIK]
    replaced_back_pay: Annotated[list[BackPayView], SPESIFIK]


class SanggahFullView(SanggahLodgedView):
    """A sanggah with its decision, the annulment that follows from it, and the caller's actions.

    `tahap_concerned`: closed tahap without payment, on which an acceptance today must decide.
    """

    term_ends_on: date
    decision: SanggahDecisionView | None
    annulment: AnnulmentView | None
    back_pay: Annotated[list[BackPayView], SPESIFIK]
    tahap_concerned: list[str]
    actions: list[ActionView]


class SanggahPage(ChangePage):
    """A page of sanggah, the oldest paper first."""

    items: list[SanggahView]


@router.post(
    "/graduasi/{graduasi_id}/sanggah", status_code=201, responses={200: {"model": SanggahLodgedView}}
)
@may(
    Permission.SANGGAH_LODGE,
    key_required=True,
    undo=operation("decide_sanggah", DINSOS | MINISTRY),
)
async def lodge_sanggah(
    graduasi_id: UUID, body: SanggahPaper, session: Session, actor: CurrentActor, response: Response
) -> SanggahLodgedView:
    """Record a sanggah whose paper is dated in the term.

    It may be recorded after the term. The refusal of a later paper names the other procedure.
    Answers 200 with the recorded sanggah if the paper is another scan of it.
    """
    row, is_new = await lodging.lodge_sanggah(session, actor, graduasi_id, body)
    response.status_code = 201 if is_new else 200
    scans = await queries.read_scans(session, row.sanggah_id)
    return SanggahLodgedView(**queries.view_sanggah(session, row), scans=scans)


@router.post("/sanggah/{sanggah_id}/decision", status_code=201)
@may(Permission.SANGGAH_DECIDE, key_required=True, undo=DECIDED)
async def decide_sanggah(
    sanggah_id: UUID, body: SanggahRuling, session: Session, actor: CurrentActor
) -> SanggahView:
    """Decide a sanggah.

    The caller must not have recorded it, nor acted in another stage of the case.
    """
    ruling = sanggah.Ruling(body.outcome, body.reason, body.back_pay)
    row = await sanggah.decide_sanggah(session, actor, sanggah_id, ruling)
    return SanggahView(**queries.view_sanggah(session, row))


@router.post("/graduasi/{graduasi_id}/annulment", status_code=202, response_model=ApprovalRequestView)
@may(Permission.GRADUASI_ANNUL, key_required=True, undo=ANNULLED)
async def annul_graduasi(
    graduasi_id: UUID, body: AnnulmentOrder, session: Session, actor: CurrentActor
) -> Response:
    """Request the annulment of an SK for one family, before or after its effect.

    Another person of Kemensos approves it. Both must have acted in no stage of the case.
    """
    kind = ApprovalKind.ANNULMENT
    return accepted_answer(session, await request_approval(session, actor, FORM, kind, graduasi_id, body))


@router.post("/graduasi/{graduasi_id}/back-pay", status_code=202, response_model=ApprovalRequestView)
@may(Permission.GRADUASI_ANNUL, key_required=True, undo=BACK_PAY)
async def correct_back_pay(
    graduasi_id: UUID, body: BackPayCorrection, session: Session, actor: CurrentActor
) -> Response:
    """Request another decision on the withheld tahap of an annulled case.

    Another person of Kemensos approves it.
    """
    kind = ApprovalKind.BACK_PAY_CORRECTION
    return accepted_answer(session, await request_approval(session, actor, FORM, kind, graduasi_id, body))


@router.get("/sanggah", response_model=SanggahPage)
@may(Permission.GRADUASI_READ)
async def list_sanggah(
    session: Session,
    actor: CurrentActor,
    paging: ChangePaging,
    days: Annotated[DayRange, days_of("lodged_on")],
    state: Annotated[SanggahState | None, Query()] = None,
    graduasi_id: Annotated[UUID | None, Query()] = None,
    waiting: Annotated[Literal["me"] | None, Query()] = None,
) -> Response:
    """List sanggah, the oldest paper first. `waiting=me` selects those that the caller may decide."""
    filters = queries.SanggahFilter(state, graduasi_id, waiting is not None)
    statement = await queries.select_sanggah(session, actor, filters)
    order, shape = (Sanggah.lodged_on, Sanggah.sanggah_id), partial(queries.open_note, vault_of(session))
    return await paging.answer(session, days.limit(statement, Sanggah.lodged_on), order, shape=shape)


@router.get("/sanggah/{sanggah_id}", response_model=SanggahFullView)
@may(Permission.GRADUASI_READ)
async def read_sanggah(sanggah_id: UUID, session: Session, actor: CurrentActor) -> dict[str, Any]:
    """Return a sanggah with its decision, and the tahap that an acceptance today must decide."""
    view = await queries.read_sanggah(session, actor, sanggah_id)
    return view | {"actions": await list_sanggah_actions(session, actor, sanggah_id)}
