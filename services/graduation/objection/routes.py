"""Objections in term: lodged on paper at a desk, decided by a person of no stage."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query
from pydantic import Field, field_validator
from starlette.responses import Response

from services.graduation.case.models import GraduasiView
from services.graduation.objection import queries
from services.graduation.objection.commands import annulment, sanggah
from services.graduation.objection.models import (
    AnnulmentGround,
    BackPaymentTerms,
    BackPayView,
    Sanggah,
    SanggahDecisionView,
    SanggahState,
    SanggahTerms,
    SanggahView,
)
from shared.access import Permission
from shared.contracts.kinds import SanggahOutcome
from shared.errors import BadValue
from shared.fields import Body, Sentence, View
from shared.http import CurrentActor, Paging, Router, Session, may

router = Router(tag="sanggah")
MOST_TAHAP = 40


class SanggahPaper(SanggahTerms, Body):
    """An objection on paper: `lodged_on` is the date on it, and decides whether it is in term."""


class TahapPaid(BackPaymentTerms, Body):
    """Whether one tahap is paid back, and why."""


BackPayList = Annotated[list[TahapPaid], Field(max_length=MOST_TAHAP)]


def each_once(value: list[TahapPaid]) -> list[TahapPaid]:
    """Refuse a tahap that is decided twice."""
    if len({one.tahap for one in value}) != len(value):
        raise BadValue("A tahap is named twice.", "Ada tahap yang disebut dua kali.")
    return value


class OrderGround(StrEnum):
    """Why an SK is undone for a family when no sanggah was accepted."""

    SK_KELIRU = "SK_KELIRU"
    DATA_KELIRU = "DATA_KELIRU"
    PUTUSAN_KEBERATAN = "PUTUSAN_KEBERATAN"
    PUTUSAN_PENGADILAN = "PUTUSAN_PENGADILAN"
    LAINNYA = "LAINNYA"


class SanggahRuling(Body):
    """The decision: DITERIMA undoes the SK for this family, with each tahap between decided; DITOLAK goes on."""

    outcome: SanggahOutcome = Field(examples=["DITERIMA"])
    reason: Sentence
    back_pay: BackPayList = Field(default_factory=list[TahapPaid])

    _once = field_validator("back_pay")(each_once)

    @field_validator("outcome")
    @classmethod
    def _known(cls, value: SanggahOutcome) -> SanggahOutcome:
        if value is SanggahOutcome.UNKNOWN:
            raise BadValue("DITERIMA or DITOLAK.", "DITERIMA atau DITOLAK.")
        return value


class AnnulmentOrder(Body):
    """An SK undone for one family without a sanggah: the coded ground travels, the words stay here."""

    ground: OrderGround = Field(default=OrderGround.LAINNYA)
    reason: Sentence
    back_pay: BackPayList = Field(default_factory=list[TahapPaid])

    _once = field_validator("back_pay")(each_once)


class SanggahFullView(SanggahView):
    """An objection with its decision; `tahap_concerned` are those that an acceptance today has to name."""

    term_ends_on: date
    decision: SanggahDecisionView | None
    back_pay: list[BackPayView]
    tahap_concerned: list[str]


class SanggahPage(View):
    """A page of objections, the oldest paper first."""

    items: list[SanggahView]
    next: str | None


@router.post("/graduasi/{graduasi_id}/sanggah", status_code=201)
@may(Permission.SANGGAH_LODGE, key_required=True)
async def lodge_sanggah(
    graduasi_id: UUID, body: SanggahPaper, session: Session, actor: CurrentActor
) -> SanggahView:
    """Take in an objection dated in term, however late it is typed in; out of term it is refused with the path."""
    return await sanggah.lodge_sanggah(session, actor, graduasi_id, body)


@router.post("/sanggah/{sanggah_id}/decision", status_code=201)
@may(Permission.SANGGAH_DECIDE, key_required=True)
async def decide_sanggah(
    sanggah_id: UUID, body: SanggahRuling, session: Session, actor: CurrentActor
) -> SanggahView:
    """Decide an objection, as a person who acted in no stage of the case and did not type it in."""
    ruling = sanggah.Ruling(body.outcome, body.reason, body.back_pay)
    return await sanggah.decide_sanggah(session, actor, sanggah_id, ruling)


@router.post("/graduasi/{graduasi_id}/annulment", status_code=201)
@may(Permission.GRADUASI_ANNUL, key_required=True)
async def annul_graduasi(
    graduasi_id: UUID, body: AnnulmentOrder, session: Session, actor: CurrentActor
) -> GraduasiView:
    """Undo an SK for one family, effect or not, as a person who acted in no stage of the case."""
    undoing = annulment.Undoing(AnnulmentGround(body.ground.value), body.back_pay)
    return await annulment.annul(session, actor, graduasi_id, body.reason, undoing)


@router.get("/sanggah", response_model=SanggahPage)
@may(Permission.GRADUASI_READ)
async def list_sanggah(
    session: Session,
    actor: CurrentActor,
    paging: Paging,
    state: Annotated[SanggahState | None, Query()] = None,
    graduasi_id: Annotated[UUID | None, Query()] = None,
    waiting: Annotated[Literal["me"] | None, Query()] = None,
) -> Response:
    """List objections, the oldest paper first; `waiting=me`: those that the caller may decide."""
    wanted = queries.SanggahFilter(state, graduasi_id, waiting is not None)
    statement = await queries.sanggah(session, actor, wanted)
    return await paging.answer(session, statement, (Sanggah.lodged_on, Sanggah.sanggah_id))


@router.get("/sanggah/{sanggah_id}", response_model=SanggahFullView)
@may(Permission.GRADUASI_READ)
async def read_sanggah(sanggah_id: UUID, session: Session, actor: CurrentActor) -> dict[str, Any]:
    """Return an objection with its decision, and which tahap an acceptance today has to decide."""
    return await queries.sanggah_in_full(session, actor, sanggah_id)
