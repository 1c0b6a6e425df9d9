"""Businesses of a family's members, over time."""

from datetime import datetime
from uuid import UUID

from services.caseload.business.commands import record_usaha, revise_usaha
from services.caseload.business.models import UsahaRevised, UsahaRowView, UsahaTerms
from services.caseload.overview.queries.past import read_usaha
from shared.access import Permission
from shared.fields import Body, View
from shared.http import CurrentActor, IfMatch, Router, Session, may

usaha = Router(tag="usaha")


class UsahaRevision(UsahaTerms, Body):
    """What a business is as of a day; monthly turnover in rupiah. Without a NIB the one that is known stays."""


class UsahaRequest(UsahaRevision):
    """A business that nobody recorded yet, and whose it is."""

    anggota_id: UUID


class UsahaItem(UsahaRevised):
    """One revision; `current` is the last."""

    has_nib: bool
    recorded_at: datetime
    current: bool


class UsahaList(View):
    """Every revision of every business of a family, oldest first."""

    kpm_id: UUID
    items: list[UsahaItem]


@usaha.post("/kpm/{kpm_id}/usaha", status_code=201)
@may(Permission.KPM_UPDATE, key_required=True)
async def record_kpm_usaha(
    kpm_id: UUID, body: UsahaRequest, session: Session, actor: CurrentActor
) -> UsahaRowView:
    """A member has a business."""
    return await record_usaha(session, actor, kpm_id, body.anggota_id, body)


@usaha.post("/usaha/{usaha_id}/revision")
@may(Permission.KPM_UPDATE, key_required=True)
async def revise_kpm_usaha(
    usaha_id: UUID, body: UsahaRevision, session: Session, actor: CurrentActor, version: IfMatch
) -> UsahaRowView:
    """A business is otherwise than was known; what it was stays readable."""
    return await revise_usaha(session, actor, usaha_id, body, version=version)


@usaha.get("/kpm/{kpm_id}/usaha")
@may(Permission.KPM_READ)
async def list_kpm_usaha(kpm_id: UUID, session: Session, actor: CurrentActor) -> UsahaList:
    """Businesses of a family, every revision."""
    rows = await read_usaha(session, actor, kpm_id)
    return UsahaList(kpm_id=kpm_id, items=[UsahaItem.model_construct(**row) for row in rows])
