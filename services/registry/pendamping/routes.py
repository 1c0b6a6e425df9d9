from typing import Annotated
from uuid import UUID

from annotated_types import Len
from fastapi import Query
from pydantic import Field
from starlette.responses import Response

from services.registry.approval.commands import FORM
from services.registry.pendamping import queries
from services.registry.pendamping.commands.contact import change_contact, correct_nik, load_own
from services.registry.pendamping.commands.registration import register_pendamping
from services.registry.pendamping.commands.status import change_status
from services.registry.pendamping.models import (
    ContactRecord,
    ContactTerms,
    NikTerms,
    Pendamping,
    PendampingBase,
    RegistrationTerms,
    StatusChangeTerms,
    StatusRecord,
    StatusReversalTerms,
)
from services.registry.placement.models import (
    PenugasanCorrectionRecord,
    PenugasanView,
    RangeRecord,
    WilayahTugasView,
)
from shared.access import Permission
from shared.approval import ApprovalKind, request_approval
from shared.contracts.kinds import PendampingStatus, PilarKind
from shared.database import vault_of
from shared.field_classes import PRIBADI, SPESIFIK
from shared.fields import KNOWN, Body, View, Wilayah
from shared.http import CurrentActor, IfMatch, Router, Session, expect_version, may
from shared.http.approvals import WAITS_FOR_APPROVAL, ApprovalRequestView, accepted_answer
from shared.http.changes import ChangePage, ChangePaging
from shared.http.paging import LARGEST_PAGE
from shared.privacy import MaskedNumber, Nik
from shared.remedies import CHANGES_NOTHING, CORRECT_REQUEST, one_of, to_call
from shared.roles import DINSOS, MINISTRY

router = Router(tag="pendamping")
# DIBATALKAN cancels a registration. A dismissal, and a status that has begun, are reversed by two people.
ANOTHER_STATUS = one_of(to_call("set_status", MINISTRY), to_call("request_status_reversal", DINSOS))
STATUS_AGAIN = one_of(to_call("withdraw_approval_request", DINSOS), to_call("set_status", MINISTRY))
CORRECTIONS = one_of(
    to_call("set_status", MINISTRY),
    to_call("correct_nik_of_pendamping", MINISTRY),
    to_call("set_contact", MINISTRY),
)


class Registration(RegistrationTerms, Body):
    """A person with a NIK, or an organisation without one.

    `from_on` is the first day as CALON, today if not given.
    """


class PendampingLookUp(Body):
    """A NIK. It is in the body because URLs are logged."""

    nik: Nik = Field(examples=["3324075211879001"])


class StatusChange(StatusChangeTerms, Body):
    """A status from a day on, with its reason as a code.

    `from_on` is today if not given, at most a year ahead. A death and DIBATALKAN are not recorded ahead. DIBERHENTIKAN
    needs evidence; without `from_on` its first day is that of the approval.
    """


class StatusReversal(StatusReversalTerms, Body):
    """A recorded status that is wrong, by its first day, why, and the evidence."""


class ContactChange(ContactTerms, Body):
    """A new name, a new phone, or both. The reason is a code.

    A field that is not given does not change. A phone of null clears it.
    """


class NikCorrection(NikTerms, Body):
    """The corrected NIK, the reason as a code, and the evidence.

    `exchange_with` is the pendamping who has this NIK by mistake, and gets the former one of this pendamping.
    """


class ContactRecordView(ContactRecord):
    """Previous name, phone and NIK, with the NIK masked."""

    name: Annotated[str, PRIBADI]
    phone: Annotated[str | None, SPESIFIK]
    nik: MaskedNumber | None


class PendampingItem(PendampingBase):
    """A pendamping in a list."""

    nik: MaskedNumber | None
    name: Annotated[str, PRIBADI]


class PendampingView(PendampingItem):
    """A pendamping, with the NIK masked. `planned` are the statuses of later days, in order."""

    phone: Annotated[str | None, SPESIFIK]
    planned: list[StatusRecord]


class PendampingPage(ChangePage):
    """A page of pendamping, ordered by number."""

    items: list[PendampingItem]


class PendampingNamesAsked(Body):
    """The pendamping to name."""

    pendamping_ids: Annotated[list[UUID], Len(1, LARGEST_PAGE)]


class AreaOfToday(View):
    """An area in which a pendamping works today."""

    kode_wilayah: str


class PendampingName(View):
    """A pendamping by name and number, and the areas of today."""

    pendamping_id: UUID
    pendamping_no: str
    name: Annotated[str, PRIBADI]
    areas: list[AreaOfToday]


class PendampingNames(View):
    """The names of those pendamping whom the caller may see, by id."""

    items: list[PendampingName]


class PenugasanWithAreasView(PenugasanView):
    """A placement with its areas and corrections, oldest first."""

    wilayah_tugas: list[WilayahTugasView]
    corrections: list[PenugasanCorrectionRecord]


class PendampingDetailView(PendampingView):
    """A pendamping with placements and histories, oldest first."""

    penugasan: list[PenugasanWithAreasView]
    status_history: list[StatusRecord]
    range_history: list[RangeRecord]
    contact_history: list[ContactRecordView]


@router.post("/pendamping", status_code=201)
@may(Permission.PENDAMPING_REGISTER, key_required=True, undo=CORRECTIONS)
async def register(body: Registration, session: Session, actor: CurrentActor) -> PendampingView:
    """Register a pendamping with the status CALON. Its number is random."""
    row = await register_pendamping(session, actor, body)
    return await _view_of(session, actor, row)


@router.get("/pendamping", response_model=PendampingPage)
@may(Permission.PENDAMPING_READ)
async def list_pendamping(
    session: Session,
    actor: CurrentActor,
    paging: ChangePaging,
    status: Annotated[Annotated[PendampingStatus, KNOWN] | None, Query()] = None,
    kind: Annotated[
        Annotated[PilarKind, KNOWN] | None, Query(description="Only those placed as this kind today")
    ] = None,
    kode_wilayah: Annotated[
        Wilayah | None, Query(description="Only those placed in this area or below it today")
    ] = None,
) -> Response:
    """List the pendamping that the caller may see, ordered by number."""
    statement = await queries.select_pendamping(
        session, actor, status=status, kind=kind, kode_wilayah=kode_wilayah
    )
    vault = vault_of(session)
    return await paging.answer(
        session,
        statement,
        (Pendamping.__table__.c.pendamping_no,),
        shape=lambda row: queries.to_list_item(vault, row),
    )


@router.get("/pendamping/{pendamping_id}")
@may(Permission.PENDAMPING_READ)
async def read_pendamping(pendamping_id: UUID, session: Session, actor: CurrentActor) -> PendampingDetailView:
    """Show one pendamping with placements, areas and histories."""
    return PendampingDetailView(**await queries.read_with_histories(session, actor, pendamping_id))


@router.post("/pendamping/look-up")
@may(Permission.PENDAMPING_READ, undo=CHANGES_NOTHING)
async def find_pendamping(body: PendampingLookUp, session: Session, actor: CurrentActor) -> PendampingView:
    """Find a pendamping by NIK."""
    return PendampingView(**await queries.look_up_pendamping(session, actor, body.nik))


@router.post("/pendamping/names")
@may(Permission.PENDAMPING_READ, undo=CHANGES_NOTHING)
async def read_pendamping_names(
    body: PendampingNamesAsked, session: Session, actor: CurrentActor
) -> PendampingNames:
    """Name up to 200 pendamping. Those whom the caller may not see are left out."""
    rows = await queries.read_names(session, actor, body.pendamping_ids)
    return PendampingNames.model_validate({"items": rows})


@router.post(
    "/pendamping/{pendamping_id}/status",
    status_code=201,
    response_model=PendampingView,
    responses=WAITS_FOR_APPROVAL,
)
@may(Permission.PENDAMPING_CHANGE_STATUS, key_required=True, undo=ANOTHER_STATUS)
async def set_status(
    pendamping_id: UUID, body: StatusChange, session: Session, actor: CurrentActor
) -> PendampingView | Response:
    """Record a status from a day on. A final status also ends every placement.

    DIBERHENTIKAN is only requested (202): another person of Kemensos approves it.
    """
    if body.status is PendampingStatus.DIBERHENTIKAN:
        kind = ApprovalKind.DISMISSAL
        return accepted_answer(
            session, await request_approval(session, actor, FORM, kind, pendamping_id, body)
        )
    return await _view_of(session, actor, await change_status(session, actor, pendamping_id, body))


@router.post(
    "/pendamping/{pendamping_id}/status-reversal", status_code=202, response_model=ApprovalRequestView
)
@may(Permission.PENDAMPING_REVERSE_STATUS, key_required=True, undo=STATUS_AGAIN)
async def request_status_reversal(
    pendamping_id: UUID, body: StatusReversal, session: Session, actor: CurrentActor
) -> Response:
    """Request that a wrong status is reversed, from its first day on. Kemensos approves it.

    The status before holds again. Placements that a final status ended are restored where that is still possible.
    """
    kind = ApprovalKind.STATUS_REVERSAL
    return accepted_answer(session, await request_approval(session, actor, FORM, kind, pendamping_id, body))


@router.post("/pendamping/{pendamping_id}/contact", status_code=201)
@may(Permission.PENDAMPING_UPDATE, key_required=True, undo=CORRECT_REQUEST)
async def set_contact(
    pendamping_id: UUID, body: ContactChange, session: Session, actor: CurrentActor, version: IfMatch
) -> PendampingView:
    """Change the name (ministry only) or the phone (also your own).

    The previous values are stored.
    """
    row = await load_own(session, actor, pendamping_id)
    expect_version(row, version)
    return await _view_of(session, actor, await change_contact(session, actor, row, body))


@router.post("/pendamping/{pendamping_id}/nik", status_code=201)
@may(Permission.PENDAMPING_REGISTER, key_required=True, undo=CORRECT_REQUEST)
async def correct_nik_of_pendamping(
    pendamping_id: UUID, body: NikCorrection, session: Session, actor: CurrentActor, version: IfMatch
) -> PendampingView:
    """Correct a wrong NIK with evidence. The former number is stored."""
    row = await load_own(session, actor, pendamping_id)
    expect_version(row, version)
    return await _view_of(session, actor, await correct_nik(session, actor, row, body))


async def _view_of(session: Session, actor: CurrentActor, row: Pendamping) -> PendampingView:
    await session.flush()  # The view is read with a query.
    return PendampingView(**await queries.read_pendamping(session, actor, row.pendamping_id))
