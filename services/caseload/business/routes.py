"""Businesses of a family's members, over time."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, Strict

from services.caseload.business.commands import UsahaSaid, record_usaha, revise_usaha
from services.caseload.overview.queries.past import read_usaha
from shared.access import Permission
from shared.contracts.kinds import UsahaSector
from shared.fields import KNOWN, Body, Day, View
from shared.http import CurrentActor, IfMatch, Router, Session, may

usaha = Router(tag="usaha")
Turnover = Annotated[int, Strict(), Field(ge=0, le=10**12, examples=[9_000_000])]
Nib = Annotated[str, Field(pattern="^[0-9]{13}$", examples=["9120000000001"])]


class UsahaRevision(Body):
    """What a business is as of a day; monthly turnover in rupiah. Without a NIB the one that is known stays."""

    sector: Annotated[UsahaSector, KNOWN]
    started_on: Day
    omzet_rp: Turnover
    has_letter: Annotated[bool, Strict()]
    nib: Nib | None = None
    as_of: Day

    def said(self) -> UsahaSaid:
        """Return it without whose it is."""
        return UsahaSaid(**{name: getattr(self, name) for name in UsahaRevision.model_fields})


class UsahaRequest(UsahaRevision):
    """A business that nobody recorded yet, and whose it is."""

    anggota_id: UUID


class UsahaRowView(View):
    """A business as it is now; its version is what the next revision needs (If-Match)."""

    usaha_id: UUID
    kpm_id: UUID
    anggota_id: UUID
    sector: UsahaSector
    started_on: date
    omzet_rp: int
    has_letter: bool
    as_of: date | None
    version: int


class UsahaItem(View):
    """One revision; `current` is the last."""

    usaha_id: UUID
    version: int
    sector: UsahaSector
    started_on: date
    omzet_rp: int
    has_nib: bool
    has_letter: bool
    as_of: date | None
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
    made = await record_usaha(session, actor, kpm_id, body.anggota_id, body.said())
    return UsahaRowView.model_validate(made)


@usaha.post("/usaha/{usaha_id}/revision")
@may(Permission.KPM_UPDATE, key_required=True)
async def revise_kpm_usaha(
    usaha_id: UUID, body: UsahaRevision, session: Session, actor: CurrentActor, version: IfMatch
) -> UsahaRowView:
    """A business is otherwise than was known; what it was stays readable."""
    return UsahaRowView.model_validate(
        await revise_usaha(session, actor, usaha_id, body.said(), version=version)
    )


@usaha.get("/kpm/{kpm_id}/usaha")
@may(Permission.KPM_READ)
async def list_kpm_usaha(kpm_id: UUID, session: Session, actor: CurrentActor) -> UsahaList:
    """Businesses of a family, every revision."""
    found = await read_usaha(session, actor, kpm_id)
    return UsahaList(kpm_id=kpm_id, items=[UsahaItem.model_validate(row) for row in found])
