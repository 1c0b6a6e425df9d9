"""Routes to open, propose, list and read cases."""

from functools import partial
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query
from starlette.responses import Response

from services.graduation.assessment.commands import proposal
from services.graduation.assessment.models import PernyataanTerms, PernyataanView, UsulView
from services.graduation.assessment.routes import AsesmenView
from services.graduation.case.commands import new_case
from services.graduation.case.models import (
    Graduasi,
    GraduasiHistory,
    GraduasiHistoryItem,
    GraduasiState,
    GraduasiView,
    OpeningTerms,
)
from services.graduation.credit.models import CreditView
from services.graduation.decree.routes import PenetapanView, ReasonView
from services.graduation.monitoring.routes import MonitoringItem
from services.graduation.objection.models.sanggah import SanggahView
from services.graduation.objection.routes import AnnulmentView
from services.graduation.review.models import StageView
from services.graduation.worklist import queries
from services.graduation.worklist.commands import list_case_actions, make_lister
from shared.access import Permission
from shared.actions import ActionView
from shared.contracts.kinds import ExitReason
from shared.database import vault_of
from shared.field_classes import SPESIFIK, ReadUnder
from shared.fields import KNOWN, Body, Sentence, View, Wilayah
from shared.http import CurrentActor, Page, Paging, Router, Session, may
from shared.http.changes import ChangePage, ChangePaging, DayRange, days_of
from shared.remedies import one_of, operation, to_call
from shared.roles import FIELD, OFFICE, STAFF

router = Router(tag="graduasi")

# A statement is replaced until the proposal, and then after a return, with another assessment.
SIGNED = one_of(to_call("sign_pernyataan", FIELD), to_call("return_graduasi", OFFICE))
PROPOSED = one_of(to_call("return_graduasi", OFFICE), to_call("cancel_graduasi", STAFF))


class Opening(OpeningTerms, Body):
    """A case to open: the kepesertaan that would end, and the reason."""


class Statement(PernyataanTerms, Body):
    """The signed statement: its date, its scan, and the offers shown to the family."""


class Proposal(Body):
    """A proposal. Its reason is stored in this service only, sealed."""

    reason: Sentence | None = None


class ListedGraduasi(GraduasiView):
    """A case of a list, with actions by its state and the caller's role."""

    actions: list[ActionView]


class GraduasiPage(ChangePage):
    """A page of cases."""

    items: list[ListedGraduasi]


class DifferenceView(View):
    """A fact that has changed since the proposal.

    By itself it stops nothing.
    """

    fact: str
    pinned: Annotated[Any, SPESIFIK]
    today: Annotated[Any, SPESIFIK]


ASSESSED = ReadUnder(Permission.ASESMEN_READ)


class GraduasiFullView(GraduasiView):
    """A case with all that belongs to it, and the caller's actions.

    While it is under review, `differences` are the facts that differ today, and `changes` what stops its decision.
    `evidence_flagged`: evidence of the case was used elsewhere before (GET /v1/evidence-flag).
    """

    stages: list[StageView]
    asesmen: Annotated[AsesmenView | None, ASSESSED]
    pernyataan: PernyataanView | None
    usul: UsulView | None
    penetapan: PenetapanView | None
    rujukan_id: UUID | None
    credit: CreditView | None
    annulment: AnnulmentView | None
    sanggah: list[SanggahView]
    monitoring: list[MonitoringItem]
    differences: Annotated[list[DifferenceView], ASSESSED]
    changes: Annotated[list[ReasonView], ASSESSED]
    evidence_flagged: Annotated[bool, SPESIFIK]
    actions: list[ActionView]


class GraduasiHistoryPage(Page):
    """A page of the opening and the transitions, oldest first."""

    items: list[GraduasiHistoryItem]


@router.post("/graduasi", status_code=201)
@may(Permission.ASESMEN_RECORD, undo=operation("cancel_graduasi", STAFF))
async def open_graduasi(body: Opening, session: Session, actor: CurrentActor) -> GraduasiView:
    """Open a case on a kepesertaan of a family that the caller accompanies."""
    return await new_case.open_case(session, actor, body)


@router.get("/graduasi", response_model=GraduasiPage)
@may(Permission.GRADUASI_READ)
async def list_graduasi(
    session: Session,
    actor: CurrentActor,
    paging: ChangePaging,
    days: Annotated[DayRange, days_of("opened_at")],
    state: Annotated[GraduasiState | None, Query()] = None,
    kpm_id: Annotated[UUID | None, Query()] = None,
    exit_reason: Annotated[Annotated[ExitReason, KNOWN] | None, Query()] = None,
    kode_wilayah: Annotated[Wilayah | None, Query()] = None,
    waiting: Annotated[Literal["me"] | None, Query()] = None,
    fact_undone: Annotated[bool, Query()] = False,
) -> Response:
    """List the cases of the caller's areas or families, oldest first.

    `fact_undone=true`: cases to be annulled, because the death on which their SK rests was undone.

    `waiting=me`: cases whose next step the caller may take, the longest waiting first, without cases in which the
    caller acted in another stage. Postponed cases are included for those who may resume them.
    """
    filters = {"state": state, "kpm_id": kpm_id, "exit_reason": exit_reason}
    marks = {"waiting": waiting is not None, "fact_undone": fact_undone}
    statement = await queries.select_cases(session, actor, area=kode_wilayah, **marks, **filters)
    order = (Graduasi.since_on, Graduasi.graduasi_id) if waiting else (Graduasi.graduasi_id,)
    shape = await make_lister(session, actor, waiting=waiting is not None)
    return await paging.answer(session, days.limit(statement, Graduasi.opened_at), order, shape=shape)


@router.get("/graduasi/{graduasi_id}", response_model=GraduasiFullView)
@may(Permission.GRADUASI_READ)
async def read_graduasi(graduasi_id: UUID, session: Session, actor: CurrentActor) -> dict[str, Any]:
    """Return a case with stages, assessment, statement, decision and certificate."""
    case, view = await queries.read_case(session, actor, graduasi_id)
    return view | {"actions": await list_case_actions(session, actor, case)}


@router.get("/graduasi/{graduasi_id}/history", response_model=GraduasiHistoryPage)
@may(Permission.GRADUASI_READ)
async def list_graduasi_history(
    graduasi_id: UUID, session: Session, actor: CurrentActor, paging: Paging
) -> Response:
    """List the opening and every transition of a case, with account, time, reason and evidence."""
    statement = await queries.select_history(session, actor, graduasi_id)
    shape = partial(queries.open_reason, vault_of(session))
    return await paging.answer(session, statement, (GraduasiHistory.history_id,), shape=shape)


@router.post("/graduasi/{graduasi_id}/pernyataan", status_code=201)
@may(Permission.PERNYATAAN_RECORD, key_required=True, undo=SIGNED)
async def sign_pernyataan(
    graduasi_id: UUID, body: Statement, session: Session, actor: CurrentActor
) -> GraduasiView:
    """Record the signed statement after an assessment with result SIAP."""
    return await proposal.sign_statement(session, actor, graduasi_id, body)


@router.post("/graduasi/{graduasi_id}/proposal", status_code=201)
@may(Permission.GRADUASI_PROPOSE, key_required=True, undo=PROPOSED)
async def propose_graduasi(
    graduasi_id: UUID, body: Proposal, session: Session, actor: CurrentActor
) -> GraduasiView:
    """Propose the exit, pinned to the last assessment and the policy version."""
    return await proposal.propose(session, actor, graduasi_id, body.reason)
