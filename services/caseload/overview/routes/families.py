"""Routes of families.

A NIK is masked in each view and never part of a URL.
"""

from datetime import date
from functools import partial
from typing import Annotated
from uuid import UUID

from annotated_types import Len
from fastapi import Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from services.caseload.dampingan.models import DampinganView
from services.caseload.family.models import Kpm, KpmHistory, Relation
from services.caseload.overview.errors import LookUpNumberInvalid
from services.caseload.overview.models import KpmHistoryView
from services.caseload.overview.queries import family
from services.caseload.overview.queries.worklist import FamilyStatus, list_families
from services.caseload.replicas.models import AidView
from services.caseload.visibility import require_visible
from shared.access import Permission
from shared.contracts.caseload import Desil
from shared.contracts.kinds import (
    FamilyEndReason,
    KomponenKind,
    Sex,
    UsahaSector,
)
from shared.database import vault_of
from shared.field_classes import PRIBADI, SPESIFIK
from shared.fields import Body, Sentences, View, Wilayah
from shared.http import CurrentActor, Page, Paging, Router, Session, may
from shared.http.answers import json_answer
from shared.http.changes import ChangePage, ChangePaging
from shared.http.paging import LARGEST_PAGE
from shared.http.purpose import Purpose
from shared.privacy import MaskedNumber, Nik, NoKk
from shared.remedies import CHANGES_NOTHING

families = Router(tag="kpm")


class KomponenView(View):
    """A komponen of a member. Ending it needs `version` (If-Match)."""

    komponen_id: UUID
    version: int
    kind: KomponenKind
    valid_from: date
    valid_to: date | None


class UsahaView(View):
    """A member's business. `omzet_rp` is the monthly turnover in rupiah."""

    usaha_id: UUID
    version: int
    sector: UsahaSector
    started_on: date
    omzet_rp: Annotated[int, SPESIFIK]
    has_nib: bool
    has_letter: bool


class AnggotaView(View):
    """A member, with the NIK masked."""

    anggota_id: UUID
    nik: MaskedNumber | None
    name: Annotated[str, PRIBADI]
    birth_on: Annotated[date, SPESIFIK]
    sex: Annotated[Sex, PRIBADI]
    relation: Annotated[Relation, PRIBADI]
    married: Annotated[bool, PRIBADI]
    pengurus: bool
    komponen: Annotated[list[KomponenView], SPESIFIK]
    usaha: Annotated[UsahaView | None, SPESIFIK]


class FactsView(View):
    """Facts of a family that other services receive: counts, codes and dates."""

    able_productive: int
    lansia: int
    disabilitas: int
    komponen: dict[str, int]
    last_komponen_ends_on: date | None
    p2k2_invited: int
    p2k2_attended: int
    pengurus_sex: Sex | None
    pengurus_birth_year: int | None
    pengurus_married: bool | None
    pengurus_id: UUID | None
    member_ids: list[UUID]
    minor_ids: list[UUID] = Field(default_factory=list[UUID])
    former_members: list[UUID]


class WarningView(View):
    """What is unusual about a family or a member, as a file warns.

    It refuses nothing.

    `anggota_id` is null for the family, `field` the field of its view. `reason` says what to check.
    """

    anggota_id: UUID | None
    field: str
    code: str
    reason: Sentences


class KpmView(View):
    """A family with all its details.

    `status` is the same as in the list of families. A family ends when its only member dies or joins another family.
    """

    kpm_id: UUID
    kode_wilayah: str
    status: FamilyStatus
    version: int
    ended_on: date | None
    end_reason: FamilyEndReason | None
    no_kk: MaskedNumber | None
    address: Annotated[str | None, PRIBADI]
    phone: Annotated[str | None, SPESIFIK]
    facts: Annotated[FactsView, SPESIFIK]
    members: list[AnggotaView]
    desil: Annotated[list[Desil], SPESIFIK]
    dampingan: list[DampinganView]
    aid: Annotated[list[AidView], SPESIFIK]
    warnings: Annotated[list[WarningView], SPESIFIK]
    # Whether evidence about the family was used elsewhere before (GET /v1/evidence-flag).
    evidence_flagged: Annotated[bool, SPESIFIK]


class KpmItem(View):
    kpm_id: UUID
    kode_wilayah: str
    members: int
    status: FamilyStatus
    pengurus_name: Annotated[str | None, PRIBADI]


class KpmPage(ChangePage):
    """Families in the order of their ids."""

    items: list[KpmItem]


class KpmLookUp(Body):
    """One number, either a NIK or a No. KK."""

    nik: Nik | None = None
    no_kk: NoKk | None = None


class KpmNamesAsked(Body):
    """The families to name."""

    kpm_ids: Annotated[list[UUID], Len(1, LARGEST_PAGE)]


class KpmName(View):
    """A family by the name of its pengurus, null without one."""

    kpm_id: UUID
    kode_wilayah: str
    pengurus_name: Annotated[str | None, PRIBADI]


class KpmNames(View):
    """The names of those families that the caller may see, by id."""

    items: list[KpmName]


class FoundView(View):
    kpm_id: UUID


class KpmHistoryPage(Page):
    """Acts on a family, oldest first."""

    items: list[KpmHistoryView]


@families.get("/kpm", response_model=KpmPage)
@may(Permission.KPM_READ)
async def list_kpm(
    session: Session,
    actor: CurrentActor,
    paging: ChangePaging,
    kode_wilayah: Annotated[Wilayah | None, Query()] = None,
    pendamping_id: Annotated[UUID | None, Query()] = None,
    status: Annotated[FamilyStatus | None, Query()] = None,
) -> Response:
    """List families: a pendamping's own, an official's by area."""
    filters = {"kode_wilayah": kode_wilayah, "pendamping_id": pendamping_id, "status": status}
    statement, order = await list_families(session, actor, **filters)
    shape = partial(family.open_name, vault_of(session))
    # Without this, changes of a pendamping's families would be read from the table of dampingan.
    order = order if paging.updated_since is None else (Kpm.kpm_id,)
    return await paging.answer(session, statement, order, shape=shape)


@families.get("/kpm/{kpm_id}", response_model=KpmView)
@may(Permission.KPM_READ, emergency=True)
async def read_kpm(kpm_id: UUID, request: Request, session: Session, actor: CurrentActor) -> Response:
    """Read a family with all its details.

    With the purpose DARURAT it is read under an emergency access, wherever it lives.
    """
    emergency = request.state.purpose is Purpose.DARURAT
    read = family.read_family_in_emergency if emergency else family.read_family
    return json_answer(await read(session, actor, kpm_id))


@families.post("/kpm/names")
@may(Permission.KPM_READ, undo=CHANGES_NOTHING)
async def read_kpm_names(body: KpmNamesAsked, session: Session, actor: CurrentActor) -> KpmNames:
    """Name up to 200 families. Those that the caller may not see are left out."""
    return KpmNames.model_validate({"items": await family.read_names(session, actor, body.kpm_ids)})


@families.get("/kpm/{kpm_id}/history", response_model=KpmHistoryPage)
@may(Permission.KPM_READ)
async def list_kpm_history(kpm_id: UUID, session: Session, actor: CurrentActor, paging: Paging) -> Response:
    """List acts on a family with actor and reason."""
    await require_visible(session, actor, kpm_id)
    return await paging.answer(session, family.list_history(kpm_id), (KpmHistory.history_id,))


@families.post("/kpm/look-up")
@may(Permission.KPM_LOOK_UP, undo=CHANGES_NOTHING)
async def look_up_kpm(body: KpmLookUp, session: Session) -> FoundView:
    """Find the family of a NIK or of a No. KK."""
    if (body.nik is None) == (body.no_kk is None):
        raise LookUpNumberInvalid("/body")
    return FoundView(kpm_id=await family.find_family(session, nik=body.nik, no_kk=body.no_kk))
