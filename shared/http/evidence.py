"""Routes of flagged evidence: the list, and the clearance by a ketua tim."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from shared import evidence
from shared.access import Actor, Permission
from shared.database import vault_of
from shared.evidence import FLAG, EvidenceKind, FlagReason
from shared.field_classes import PRIBADI
from shared.fields import View, WrittenReason
from shared.http.changes import ChangePage, ChangePaging, DayRange, days_of
from shared.http.declared import may
from shared.http.route import CurrentActor, Router, Session
from shared.remedies import nothing

CLEARED = nothing(
    "The clearance stays recorded with its reason. If the act was wrong, correct the act itself.",
    "Penjelasan tetap tercatat beserta alasannya. Bila tindakannya keliru, koreksilah tindakan itu sendiri.",
)
Continuation = Callable[[AsyncSession, Actor, UUID], Awaitable[None]]


class EvidenceFlagView(View):
    """Evidence that was used for something else before, or months that were entered together.

    `subject_id` is the record with the evidence. `earlier_subject_id` and `earlier_kpm_id` are null if the earlier use
    was outside of the caller's areas.
    """

    flag_id: UUID
    reason: FlagReason
    kind: EvidenceKind
    sha256: str | None
    subject_id: UUID
    kpm_id: UUID | None
    kode_wilayah: str
    used_by: str
    flagged_at: datetime
    earlier_kind: EvidenceKind | None
    earlier_used_at: datetime | None
    earlier_subject_id: UUID | None
    earlier_kpm_id: UUID | None
    cleared_at: datetime | None
    cleared_by: str | None
    clearance: Annotated[str | None, PRIBADI]


class EvidenceFlagPage(ChangePage):
    """A page of flags, oldest first."""

    items: list[EvidenceFlagView]


class ClearanceView(BaseModel):
    """The flag that was cleared, and the record with the evidence."""

    flag_id: UUID
    subject_id: UUID
    kpm_id: UUID | None


def evidence_router(then: Continuation | None = None) -> Router:
    """Return the router of flags. `then` continues what a flag held."""
    router = Router(tag="evidence")

    @router.get("/evidence-flag", response_model=EvidenceFlagPage)
    @may(Permission.EVIDENCE_FLAG_READ)
    async def list_evidence_flags(
        session: Session,
        actor: CurrentActor,
        paging: ChangePaging,
        days: Annotated[DayRange, days_of("flagged_at")],
        open_only: Annotated[bool, Query()] = True,
        kpm_id: Annotated[UUID | None, Query()] = None,
        subject_id: Annotated[UUID | None, Query()] = None,
    ) -> Response:
        """List flagged evidence of the caller's areas, oldest first."""
        flags = evidence.select_flags(actor, open_only=open_only, kpm_id=kpm_id, subject_id=subject_id)
        flags, shape = days.limit(flags, FLAG.flagged_at), partial(evidence.open_clearance, vault_of(session))
        return await paging.answer(session, flags, (FLAG.flag_id,), shape=shape)

    @router.post("/evidence-flag/{flag_id}/clearance", status_code=201)
    @may(Permission.EVIDENCE_FLAG_CLEAR, key_required=True, undo=CLEARED)
    async def clear_evidence_flag(
        flag_id: UUID, body: WrittenReason, session: Session, actor: CurrentActor
    ) -> ClearanceView:
        """Clear flagged evidence with a reason. Nobody who used it clears it."""
        flag = await evidence.clear_flag(session, actor, flag_id, body.reason)
        if then is not None:
            await then(session, actor, flag.subject_id)
        return ClearanceView(flag_id=flag_id, subject_id=flag.subject_id, kpm_id=flag.kpm_id)

    return router
