"""Families over HTTP. A NIK is masked in every view and never part of an address."""

from datetime import date
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Query
from starlette.responses import Response

from services.caseload.dampingan.models import DampinganView
from services.caseload.family.models import HistoryItem, KpmHistory, Relation
from services.caseload.overview.errors import OneNumberToLookUp
from services.caseload.overview.queries import family
from services.caseload.overview.queries.family import read_family
from services.caseload.overview.queries.worklist import FamilyStatus, list_families
from services.caseload.replicas.models import AidView
from services.caseload.visibility import require_sight
from shared.access import Permission
from shared.contracts.caseload import Desil
from shared.contracts.kinds import (
    KomponenKind,
    Sex,
    UsahaSector,
)
from shared.database import vault_of
from shared.fields import Body, View, Wilayah
from shared.http import CurrentActor, Paging, Router, Session, may
from shared.privacy import MaskedNumber, Nik, NoKk

families = Router(tag="kpm")


class KomponenView(View):
    """What a member gives the family entitlement by; `version` is what ends it (If-Match)."""

    komponen_id: UUID
    version: int
    kind: KomponenKind
    valid_from: date
    valid_to: date | None


class UsahaView(View):
    """A member's business; monthly turnover in rupiah."""

    usaha_id: UUID
    version: int
    sector: UsahaSector
    started_on: date
    omzet_rp: int
    has_nib: bool
    has_letter: bool


class AnggotaView(View):
    """A member, with the NIK masked."""

    anggota_id: UUID
    nik: MaskedNumber
    name: str
    birth_on: date
    sex: Sex
    relation: Relation
    married: bool
    pengurus: bool
    komponen: list[KomponenView]
    usaha: UsahaView | None


class FactsView(View):
    """What other services are told: counts, codes and dates."""

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


class KpmView(View):
    """A family whole; `status` as the list of families shows it."""

    kpm_id: UUID
    kode_wilayah: str
    status: FamilyStatus
    version: int
    no_kk: MaskedNumber | None
    address: str | None
    phone: str | None
    facts: FactsView
    members: list[AnggotaView]
    desil: list[Desil]
    dampingan: list[DampinganView]
    aid: list[AidView]


class KpmItem(View):
    kpm_id: UUID
    kode_wilayah: str
    members: int
    status: FamilyStatus
    pengurus_name: str | None


class KpmPage(View):
    """Families in the order of their ids."""

    items: list[KpmItem]
    next: str | None


class LookUp(Body):
    """One number, of a person or of a family card."""

    nik: Nik | None = None
    no_kk: NoKk | None = None


class FoundView(View):
    kpm_id: UUID


class HistoryPage(View):
    """What was done, oldest first."""

    items: list[HistoryItem]
    next: str | None


@families.get("/kpm", response_model=KpmPage)
@may(Permission.KPM_READ)
async def list_kpm(
    session: Session,
    actor: CurrentActor,
    paging: Paging,
    kode_wilayah: Annotated[Wilayah | None, Query()] = None,
    pendamping_id: Annotated[UUID | None, Query()] = None,
    status: Annotated[FamilyStatus | None, Query()] = None,
) -> Response:
    """Families that the caller may see: a pendamping's own, officials' by area; by who accompanies them, and status."""
    wanted = {"kode_wilayah": kode_wilayah, "pendamping_id": pendamping_id, "status": status}
    statement, order = await list_families(session, actor, **wanted)
    shape = partial(family.open_name, vault_of(session))
    return await paging.answer(session, statement, order, shape=shape)


@families.get("/kpm/{kpm_id}")
@may(Permission.KPM_READ)
async def read_kpm(kpm_id: UUID, session: Session, actor: CurrentActor) -> KpmView:
    """One family whole."""
    return KpmView.model_validate(await read_family(session, actor, kpm_id))


@families.get("/kpm/{kpm_id}/history", response_model=HistoryPage)
@may(Permission.KPM_READ)
async def list_kpm_history(kpm_id: UUID, session: Session, actor: CurrentActor, paging: Paging) -> Response:
    """What was done to a family, by whom and why."""
    await require_sight(session, actor, kpm_id)
    return await paging.answer(session, family.history_of(kpm_id), (KpmHistory.history_id,))


@families.post("/kpm/look-up")
@may(Permission.KPM_LOOK_UP)
async def look_up_kpm(body: LookUp, session: Session) -> FoundView:
    """Find the family of a NIK or of a No. KK."""
    if (body.nik is None) == (body.no_kk is None):
        raise OneNumberToLookUp("/body")
    return FoundView(kpm_id=await family.find_family(session, nik=body.nik, no_kk=body.no_kk))
