"""Routes of a family's komponen and desil."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from services.caseload.family.commands import komponen as family_komponen
from services.caseload.family.commands.contact import correct_contact
from services.caseload.family.commands.desil import record_desil
from services.caseload.family.models import (
    ContactTerms,
    DesilItem,
    DesilTerms,
    KomponenRowView,
    KomponenTerms,
    KpmVersionView,
)
from services.caseload.family.queries import read_desil
from shared.access import Permission
from shared.field_classes import SPESIFIK
from shared.fields import Body, Code, Day, RangeEnd, View
from shared.http import CurrentActor, IfMatch, Router, Session, may
from shared.remedies import CORRECT_REQUEST, one_of, operation, to_call
from shared.roles import DINSOS, FIELD

komponen = Router(tag="kpm")
desil = Router(tag="kpm")
contact = Router(tag="kpm")
KOMPONEN_AGAIN = one_of(to_call("begin_komponen", FIELD | DINSOS), to_call("end_komponen", FIELD | DINSOS))


class KomponenRequest(KomponenTerms, Body):
    """A komponen to start. `valid_to` is the first day without it, if already known."""

    valid_from: Day
    valid_to: Day | None = None


@komponen.post("/kpm/{kpm_id}/komponen", status_code=201)
@may(Permission.KPM_UPDATE, key_required=True, undo=operation("void_komponen", FIELD | DINSOS))
async def begin_komponen(
    kpm_id: UUID, body: KomponenRequest, session: Session, actor: CurrentActor
) -> KomponenRowView:
    """Start a komponen: a member gives the family entitlement from a day on."""
    komponen = await family_komponen.start_komponen(session, actor, kpm_id, **dict(body))
    return KomponenRowView.model_validate(komponen)


@komponen.post("/komponen/{komponen_id}/end")
@may(Permission.KPM_UPDATE, key_required=True, undo=KOMPONEN_AGAIN)
async def end_komponen(
    komponen_id: UUID, body: RangeEnd, session: Session, actor: CurrentActor, version: IfMatch
) -> KomponenRowView:
    """Set the end of a komponen.

    The end of the family's last one leads to ALAMIAH.
    """
    komponen = await family_komponen.end_komponen(session, actor, komponen_id, version=version, **dict(body))
    return KomponenRowView.model_validate(komponen)


class KomponenVoid(Body):
    """Why the komponen was recorded in error, as a code of your own."""

    reason: Code


@komponen.post("/komponen/{komponen_id}/void")
@may(Permission.KPM_UPDATE, key_required=True, undo=operation("begin_komponen", FIELD | DINSOS))
async def void_komponen(
    komponen_id: UUID, body: KomponenVoid, session: Session, actor: CurrentActor, version: IfMatch
) -> KomponenRowView:
    """Void a komponen of the wrong person, kind or period, also an ended one.

    It covers no day. The right one can be recorded.
    """
    komponen = await family_komponen.void_komponen(session, actor, komponen_id, version=version, **dict(body))
    return KomponenRowView.model_validate(komponen)


class ContactRequest(ContactTerms, Body):
    """Address and phone of a family. What is left out stays, null clears it."""


@contact.post("/kpm/{kpm_id}/contact")
@may(Permission.KPM_UPDATE, key_required=True, undo=CORRECT_REQUEST)
async def correct_kpm_contact(
    kpm_id: UUID, body: ContactRequest, session: Session, actor: CurrentActor, version: IfMatch
) -> KpmVersionView:
    """Correct address and phone of a family that stays in its area."""
    return await correct_contact(session, actor, kpm_id, body, version=version)


class DesilRequest(DesilTerms, Body):
    """The welfare decile of a family in a snapshot: 1 poorest to 10, or null."""


class DesilList(View):
    """Desil of each snapshot, by scope, oldest first."""

    kpm_id: UUID
    items: Annotated[Sequence[DesilItem], SPESIFIK]


@desil.post("/kpm/{kpm_id}/desil", status_code=201)
@may(Permission.KPM_INTAKE, key_required=True, undo=CORRECT_REQUEST)
async def record_kpm_desil(
    kpm_id: UUID, body: DesilRequest, session: Session, actor: CurrentActor
) -> DesilList:
    """Record, correct or remove (null) the desil of a family in a snapshot."""
    await record_desil(session, actor, kpm_id, body)
    return await list_kpm_desil(kpm_id, session, actor)


@desil.get("/kpm/{kpm_id}/desil")
@may(Permission.KPM_READ)
async def list_kpm_desil(kpm_id: UUID, session: Session, actor: CurrentActor) -> DesilList:
    """List the family's desil of each snapshot."""
    return DesilList.model_validate({"kpm_id": kpm_id, "items": await read_desil(session, actor, kpm_id)})
