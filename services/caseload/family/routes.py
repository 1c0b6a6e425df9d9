"""The komponen of a family, and its desil."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, Strict

from services.caseload.family.commands import komponen as family_komponen
from services.caseload.family.commands.desil import record_desil
from services.caseload.family.models import Komponen
from services.caseload.family.queries import read_desil
from shared.access import Permission
from shared.contracts.kinds import DesilScope, KomponenKind
from shared.fields import KNOWN, Body, Code, Day, View
from shared.http import CurrentActor, IfMatch, Router, Session, may

komponen = Router(tag="kpm")
desil = Router(tag="kpm")
Decile = Annotated[int, Strict(), Field(ge=1, le=10, examples=[4])]
Snapshot = Annotated[str, Field(pattern=r"^20[0-9]{2}-Q[1-4]$", examples=["2026-Q2"])]


class KomponenRequest(Body):
    """Whose, of which kind, from which day; `valid_to`, the first day without, where it is known already."""

    anggota_id: UUID
    kind: Annotated[KomponenKind, KNOWN]
    valid_from: Day
    valid_to: Day | None = None


class KomponenEnd(Body):
    """The first day without it, and why."""

    valid_to: Day
    reason: Code


class KomponenRowView(View):
    """A komponen of a member; `valid_to` is the first day without."""

    komponen_id: UUID
    kpm_id: UUID
    anggota_id: UUID
    kind: KomponenKind
    valid_from: date
    valid_to: date | None
    version: int


@komponen.post("/kpm/{kpm_id}/komponen", status_code=201)
@may(Permission.KPM_UPDATE, key_required=True)
async def begin_komponen(
    kpm_id: UUID, body: KomponenRequest, session: Session, actor: CurrentActor
) -> KomponenRowView:
    """A member gives the family entitlement from a day on."""
    return shown(await family_komponen.begin_komponen(session, actor, kpm_id, **body.model_dump()))


@komponen.post("/komponen/{komponen_id}/end")
@may(Permission.KPM_UPDATE, key_required=True)
async def end_komponen(
    komponen_id: UUID, body: KomponenEnd, session: Session, actor: CurrentActor, version: IfMatch
) -> KomponenRowView:
    """Date the end of a komponen; the end of the family's last one is the fact behind ALAMIAH."""
    return shown(
        await family_komponen.end_komponen(session, actor, komponen_id, version=version, **body.model_dump())
    )


def shown(row: Komponen) -> KomponenRowView:
    """Show a komponen with its range as two days."""
    names = ("komponen_id", "kpm_id", "anggota_id", "kind", "version")
    said = {name: getattr(row, name) for name in names}
    return KomponenRowView.model_validate(said | {"valid_from": row.valid.lower, "valid_to": row.valid.upper})


class DesilRequest(Body):
    """How a snapshot of DTSEN ranks the family, 1 poorest to 10, in which population."""

    scope: Annotated[DesilScope, KNOWN]
    value: Decile
    snapshot: Snapshot


class DesilItem(View):
    scope: DesilScope
    value: int
    snapshot: str
    recorded_at: datetime


class DesilList(View):
    """Every snapshot, by scope, oldest first."""

    kpm_id: UUID
    items: list[DesilItem]


@desil.post("/kpm/{kpm_id}/desil", status_code=201)
@may(Permission.KPM_INTAKE, key_required=True)
async def record_kpm_desil(
    kpm_id: UUID, body: DesilRequest, session: Session, actor: CurrentActor
) -> DesilList:
    """Record how a snapshot ranks the family; older ones stay."""
    await record_desil(session, actor, kpm_id, **body.model_dump())
    return await list_kpm_desil(kpm_id, session, actor)


@desil.get("/kpm/{kpm_id}/desil")
@may(Permission.KPM_READ)
async def list_kpm_desil(kpm_id: UUID, session: Session, actor: CurrentActor) -> DesilList:
    """How each snapshot ranked the family."""
    found = await read_desil(session, actor, kpm_id)
    return DesilList(kpm_id=kpm_id, items=[DesilItem.model_validate(row) for row in found])
