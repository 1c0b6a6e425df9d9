"""Routes of businesses of a family's members."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from services.caseload.business.commands.reversal import undo_usaha_end
from services.caseload.business.commands.usaha import (
    close_usaha,
    record_usaha,
    revise_usaha,
    transfer_usaha,
)
from services.caseload.business.models import UsahaRevised, UsahaRowView, UsahaTerms
from services.caseload.overview.queries.history import read_usaha
from shared.access import Permission
from shared.field_classes import SPESIFIK
from shared.fields import Body, Day, Sha256, View
from shared.http import CurrentActor, IfMatch, Router, Session, may
from shared.remedies import CORRECT_REQUEST, one_of, operation, to_call
from shared.roles import DINSOS, FIELD

usaha = Router(tag="usaha")
REOPEN = operation("reopen_kpm_usaha", FIELD | DINSOS)
END_AGAIN = one_of(to_call("end_kpm_usaha", FIELD | DINSOS), to_call("transfer_kpm_usaha", FIELD | DINSOS))


class UsahaRevision(UsahaTerms, Body):
    """A business as of a day. A missing NIB stays, null clears it."""


class UsahaRequest(UsahaRevision):
    """A new business and its owner."""

    anggota_id: UUID


class UsahaEnd(Body):
    """The first day without the business (DITUTUP), and evidence if there is any."""

    on: Day
    evidence_sha256: Sha256 | None = None


class UsahaTransfer(Body):
    """The person who continues the business, and the day."""

    anggota_id: UUID
    on: Day


class UsahaItem(UsahaRevised):
    """One version of a business. `current` marks the last one."""

    has_nib: bool
    recorded_at: datetime
    current: bool


class UsahaList(View):
    """All versions of all businesses of a family, oldest first."""

    kpm_id: UUID
    items: Annotated[list[UsahaItem], SPESIFIK]


@usaha.post("/kpm/{kpm_id}/usaha", status_code=201)
@may(Permission.KPM_UPDATE, key_required=True, undo=operation("end_kpm_usaha", FIELD | DINSOS))
async def record_kpm_usaha(
    kpm_id: UUID, body: UsahaRequest, session: Session, actor: CurrentActor
) -> UsahaRowView:
    """Record a member's business."""
    return await record_usaha(session, actor, kpm_id, body.anggota_id, body)


@usaha.post("/usaha/{usaha_id}/revision")
@may(Permission.KPM_UPDATE, key_required=True, undo=CORRECT_REQUEST)
async def revise_kpm_usaha(
    usaha_id: UUID, body: UsahaRevision, session: Session, actor: CurrentActor, version: IfMatch
) -> UsahaRowView:
    """Revise a business. Previous versions stay readable."""
    return await revise_usaha(session, actor, usaha_id, body, version=version)


@usaha.post("/usaha/{usaha_id}/end")
@may(Permission.KPM_UPDATE, key_required=True, undo=REOPEN)
async def end_kpm_usaha(
    usaha_id: UUID, body: UsahaEnd, session: Session, actor: CurrentActor, version: IfMatch
) -> UsahaRowView:
    """Close a business. The death or leaving of its owner ends it without this."""
    return await close_usaha(session, actor, usaha_id, version=version, **dict(body))


@usaha.post("/usaha/{usaha_id}/transfer", status_code=201)
@may(Permission.KPM_UPDATE, key_required=True, undo=REOPEN)
async def transfer_kpm_usaha(
    usaha_id: UUID, body: UsahaTransfer, session: Session, actor: CurrentActor, version: IfMatch
) -> UsahaRowView:
    """Let another person continue a business.

    A living owner transfers it at any time. After the owner died or left, it is transferred within the days of
    `usaha_rule`. The answer is the new owner's business. It keeps the first day and has no NIB until a revision names one.
    """
    return await transfer_usaha(session, actor, usaha_id, version=version, **dict(body))


@usaha.post("/usaha/{usaha_id}/reopen")
@may(Permission.KPM_UPDATE, key_required=True, undo=END_AGAIN)
async def reopen_kpm_usaha(
    usaha_id: UUID, session: Session, actor: CurrentActor, version: IfMatch
) -> UsahaRowView:
    """Undo the end or the transfer of a business that was recorded in error.

    The business of the person who continued it ends on the day of the transfer.
    """
    return await undo_usaha_end(session, actor, usaha_id, version=version)


@usaha.get("/kpm/{kpm_id}/usaha")
@may(Permission.KPM_READ)
async def list_kpm_usaha(kpm_id: UUID, session: Session, actor: CurrentActor) -> UsahaList:
    """List all versions of the family's businesses."""
    rows = await read_usaha(session, actor, kpm_id)
    return UsahaList(kpm_id=kpm_id, items=[UsahaItem.model_construct(**row) for row in rows])
