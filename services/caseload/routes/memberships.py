"""Memberships in a bansos, their cases, and what is payable."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Query

from services.caseload.models import CaseState
from services.caseload.queries.memberships import MembershipStatus, Payable, list_memberships, payable_tahap
from services.caseload.routes.shapes import KnownBansos, View
from shared.access import Permission
from shared.contracts.kinds import Bansos, ExitReason
from shared.http import Caller, Router, Session, may

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
    case: CaseView | None
    version: int


class KepesertaanList(View):
    """All memberships of a family, oldest first."""

    kpm_id: UUID
    items: list[KepesertaanView]


class TahapView(View):
    """Which tahap of a bansos are payable; `pending` names the family's other bansos that need their own decision."""

    kpm_id: UUID
    bansos: Bansos
    kepesertaan_id: UUID
    status: MembershipStatus
    payable: Payable
    last_payable_tahap: str | None
    first_unpayable_tahap: str | None
    ends_on: date | None
    pending: list[Bansos]


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
    kpm_id: UUID, bansos: Annotated[KnownBansos, Query()], session: Session, caller: Caller
) -> TahapView:
    """Which tahap are payable, given the end that graduation told."""
    return TahapView.model_validate(await payable_tahap(session, caller, kpm_id, bansos))
