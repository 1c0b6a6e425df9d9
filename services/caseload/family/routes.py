"""The komponen of a family, and its desil."""

from collections.abc import Sequence
from uuid import UUID

from services.caseload.family.commands import komponen as family_komponen
from services.caseload.family.commands.desil import record_desil
from services.caseload.family.models import DesilItem, DesilTerms, KomponenRowView, KomponenTerms
from services.caseload.family.queries import read_desil
from shared.access import Permission
from shared.fields import Body, Code, Day, View
from shared.http import CurrentActor, IfMatch, Router, Session, may

komponen = Router(tag="kpm")
desil = Router(tag="kpm")


class KomponenRequest(KomponenTerms, Body):
    """Whose, of which kind, from which day; `valid_to`, the first day without, where it is known already."""

    valid_from: Day
    valid_to: Day | None = None


class KomponenEnd(Body):
    """The first day without it, and why."""

    valid_to: Day
    reason: Code


@komponen.post("/kpm/{kpm_id}/komponen", status_code=201)
@may(Permission.KPM_UPDATE, key_required=True)
async def begin_komponen(
    kpm_id: UUID, body: KomponenRequest, session: Session, actor: CurrentActor
) -> KomponenRowView:
    """A member gives the family entitlement from a day on."""
    komponen = await family_komponen.begin_komponen(session, actor, kpm_id, **dict(body))
    return KomponenRowView.model_validate(komponen)


@komponen.post("/komponen/{komponen_id}/end")
@may(Permission.KPM_UPDATE, key_required=True)
async def end_komponen(
    komponen_id: UUID, body: KomponenEnd, session: Session, actor: CurrentActor, version: IfMatch
) -> KomponenRowView:
    """Date the end of a komponen; the end of the family's last one is the fact behind ALAMIAH."""
    komponen = await family_komponen.end_komponen(session, actor, komponen_id, version=version, **dict(body))
    return KomponenRowView.model_validate(komponen)


class DesilRequest(DesilTerms, Body):
    """How a snapshot of DTSEN ranks the family, 1 poorest to 10, in which population."""


class DesilList(View):
    """Every snapshot, by scope, oldest first."""

    kpm_id: UUID
    items: Sequence[DesilItem]


@desil.post("/kpm/{kpm_id}/desil", status_code=201)
@may(Permission.KPM_INTAKE, key_required=True)
async def record_kpm_desil(
    kpm_id: UUID, body: DesilRequest, session: Session, actor: CurrentActor
) -> DesilList:
    """Record how a snapshot ranks the family; older ones stay."""
    await record_desil(session, actor, kpm_id, body)
    return await list_kpm_desil(kpm_id, session, actor)


@desil.get("/kpm/{kpm_id}/desil")
@may(Permission.KPM_READ)
async def list_kpm_desil(kpm_id: UUID, session: Session, actor: CurrentActor) -> DesilList:
    """How each snapshot ranked the family."""
    return DesilList(kpm_id=kpm_id, items=await read_desil(session, actor, kpm_id))
