"""Memberships in a bansos, their cases, and what is payable."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Query

from services.caseload.commands.kepesertaan import record_kepesertaan
from services.caseload.models import CaseState
from services.caseload.queries.memberships import MembershipStatus, list_memberships
from services.caseload.queries.tahap import Payable, payable_tahap
from services.caseload.routes.shapes import Body, KnownBansos, View
from shared.access import Permission
from shared.contracts.kinds import Bansos, ExitReason
from shared.http import Caller, Router, Session, may
from shared.http.fields import KNOWN, Day

memberships = Router(tag="kepesertaan")


class CaseView(View):
    """A case on the membership, as graduation last told; `held` while an objection stops the end."""

    graduasi_id: UUID
    exit_reason: ExitReason
    state: CaseState
    held: bool
    sk_no: str | None
    sk_on: date | None
    term_ends_on: date | None
    effective_tahap: str | None
    effective_on: date | None
    certificate_no: str | None


class KepesertaanView(View):
    """Membership in one bansos; `valid_to` is the first day without."""

    kepesertaan_id: UUID
    bansos: Bansos
    valid_from: date
    valid_to: date | None
    active: bool
    status: MembershipStatus
    exit_reason: ExitReason | None
    graduasi_id: UUID | None
    last_payable_tahap: str | None
    continued_by: UUID | None
    back_pay_tahap: list[str]
    case: CaseView | None
    version: int


class KepesertaanList(View):
    """All memberships of a family, oldest first."""

    kpm_id: UUID
    items: list[KepesertaanView]


class Words(View):
    """A reason in words, in English and Indonesian."""

    en: str
    id: str


class TahapView(View):
    """Which tahap of a bansos are payable as of `on`, and why; `back_pay` are those that an annulment gave back.

    `pending` names the family's other bansos that need their own decision.
    """

    kpm_id: UUID
    bansos: Bansos
    on: date
    kepesertaan_id: UUID
    status: MembershipStatus
    payable: Payable
    last_payable_tahap: str | None
    first_unpayable_tahap: str | None
    ends_on: date | None
    back_pay: list[str]
    reason: Words
    pending: list[Bansos]


class KepesertaanRequest(Body):
    """Of which bansos the family is a member for the first time, and since when."""

    bansos: Annotated[Bansos, KNOWN]
    valid_from: Day


class StartedView(View):
    """A membership that has begun."""

    kepesertaan_id: UUID
    kpm_id: UUID
    bansos: Bansos
    valid_from: date


@memberships.get("/kpm/{kpm_id}/kepesertaan")
@may(Permission.KPM_READ)
async def list_kepesertaan(kpm_id: UUID, session: Session, caller: Caller) -> KepesertaanList:
    """What a family is a member of; nothing cascades from one bansos to another."""
    return KepesertaanList(
        kpm_id=kpm_id,
        items=[
            KepesertaanView.model_validate(row) for row in await list_memberships(session, caller, kpm_id)
        ],
    )


@memberships.get("/kpm/{kpm_id}/tahap")
@may(Permission.TAHAP_READ)
async def read_tahap(
    kpm_id: UUID,
    bansos: Annotated[KnownBansos, Query()],
    session: Session,
    caller: Caller,
    on: Annotated[Day | None, Query()] = None,
) -> TahapView:
    """Which tahap are payable as of a date (today without one), given the end that graduation told, and why."""
    return TahapView.model_validate(await payable_tahap(session, caller, kpm_id, bansos, on))


@memberships.post("/kpm/{kpm_id}/kepesertaan", status_code=201)
@may(Permission.KPM_INTAKE, key_required=True)
async def record_membership(
    kpm_id: UUID, body: KepesertaanRequest, session: Session, caller: Caller
) -> StartedView:
    """Record a first membership in a bansos; who has left comes back by an application."""
    made = await record_kepesertaan(session, caller, kpm_id, **body.model_dump())
    said = {name: getattr(made, name) for name in ("kepesertaan_id", "kpm_id", "bansos")}
    return StartedView.model_validate(said | {"valid_from": made.valid.lower})
