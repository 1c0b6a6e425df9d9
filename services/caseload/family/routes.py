"""What entitles a family to PKH."""

from datetime import date
from typing import Annotated
from uuid import UUID

from services.caseload.family.commands import komponen as family_komponen
from services.caseload.family.models import Komponen
from shared.access import Permission
from shared.contracts.kinds import KomponenKind
from shared.http import CurrentActor, IfMatch, Router, Session, may
from shared.http.fields import KNOWN, Body, Code, Day, View

komponen = Router(tag="kpm")


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
