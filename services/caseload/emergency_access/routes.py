"""Routes of access to a family in an emergency, and of its review."""

from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from pydantic import StrictBool
from starlette.responses import Response

from services.caseload.emergency_access import commands, queries
from services.caseload.emergency_access.models import AksesDarurat, EmergencyTerms, EmergencyView
from shared.access import Permission
from shared.database import vault_of
from shared.fields import Body, Paragraph, RequestOnly
from shared.http import CurrentActor, Router, Session, may
from shared.http.changes import ChangePage, ChangePaging, DayRange, days_of
from shared.privacy import Vault, open_texts
from shared.remedies import nothing, operation
from shared.roles import DINSOS

router = Router(tag="akses-darurat")
REVIEWED = nothing(
    "A review is one person's judgement and changes no data of the family. Open the access again if it is needed.",
    "Pemeriksaan adalah penilaian seorang petugas dan tidak mengubah data keluarga. Buka akses lagi bila diperlukan.",
)


class EmergencyRequest(EmergencyTerms, Body):
    """Why the family must be read now, and for how many hours.

    The reason is stored sealed.
    """


class EmergencyReview(Body):
    """Whether the access was justified, and the words of the reviewer, which are stored sealed."""

    justified: StrictBool
    review: Annotated[Paragraph, RequestOnly("Keluarga dievakuasi ke kabupaten ini, kartu hilang.")]


class EmergencyPage(ChangePage):
    """Accesses in the order in which they were opened."""

    items: list[EmergencyView]


def with_texts(vault: Vault, row: dict[str, Any]) -> dict[str, Any]:
    """Return a row with the words of who opened the access and who reviewed it."""
    return open_texts(vault, row, ("reason", "review"), table=commands.TABLE, row_id=row["akses_darurat_id"])


@router.post("/kpm/{kpm_id}/akses-darurat", status_code=201)
@may(
    Permission.AKSES_DARURAT_OPEN,
    key_required=True,
    author_reads=True,
    undo=operation("review_emergency_access", DINSOS),
)
async def open_emergency_access(
    kpm_id: UUID, body: EmergencyRequest, session: Session, actor: CurrentActor
) -> EmergencyView:
    """Let the caller read a family outside their scope for some hours.

    It is read by GET /v1/kpm/{kpm_id} with the purpose DARURAT. The Dinsos office of the family's area reviews it.
    """
    row = await commands.open_emergency_access(session, actor, kpm_id, body)
    return EmergencyView.model_validate(with_texts(vault_of(session), row.model_dump()))


@router.get("/akses-darurat", response_model=EmergencyPage)
@may(Permission.AKSES_DARURAT_READ)
async def list_emergency_access(
    session: Session,
    actor: CurrentActor,
    paging: ChangePaging,
    days: Annotated[DayRange, days_of("opened_on")],
    open_only: Annotated[bool, Query()] = True,
) -> Response:
    """List who opened access to families of the caller's areas, and why."""
    statement = queries.list_emergency_access(actor, open_only=open_only)
    shape = partial(with_texts, vault_of(session))
    return await paging.answer(
        session, days.limit(statement, AksesDarurat.opened_on), (AksesDarurat.akses_darurat_id,), shape=shape
    )


@router.post("/akses-darurat/{akses_darurat_id}/review", status_code=201)
@may(Permission.AKSES_DARURAT_REVIEW, key_required=True, undo=REVIEWED)
async def review_emergency_access(
    akses_darurat_id: UUID, body: EmergencyReview, session: Session, actor: CurrentActor
) -> EmergencyView:
    """Review an access that another person has opened.

    One that was not justified ends at once.
    """
    row = await commands.review_emergency_access(session, actor, akses_darurat_id, **dict(body))
    return EmergencyView.model_validate(with_texts(vault_of(session), row.model_dump()))
